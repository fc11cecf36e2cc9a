/** The request that gateways see most: a GET with a short answer. */
import { closedLoop } from './closed-loop.ts';

export const small = closedLoop({
  name: 'small',
  about: 'GET, 200 bytes, 64 connections kept alive',
  connections: 64,
  request: { answer: 200 },
});
