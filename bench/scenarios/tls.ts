/** HTTPS to clients that stay. */
import { closedLoop } from './closed-loop.ts';

export const tls = closedLoop({
  name: 'tls',
  about: 'GET, 200 bytes over TLS 1.3 (ECDSA P-256), 64 connections kept alive',
  connections: 64,
  request: { answer: 200 },
  tls: true,
});
