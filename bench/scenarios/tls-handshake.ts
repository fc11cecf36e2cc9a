/** HTTPS to clients that come once. */
import { closedLoop } from './closed-loop.ts';

export const tlsHandshake = closedLoop({
  name: 'tls-handshake',
  about: 'a connection, a full TLS 1.3 handshake (ECDSA P-256) and one GET of 200 bytes, 32 at a time; nobody resumes',
  connections: 32,
  request: { answer: 200, close: true },
  tls: true,
  onePerConnection: true,
});
