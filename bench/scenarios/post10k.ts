/** A body on its way to the backend. */
import { closedLoop } from './closed-loop.ts';

export const post10k = closedLoop({
  name: 'post10k',
  about: 'POST of 10 KiB, answered with 200 bytes, 64 connections kept alive',
  connections: 64,
  request: { answer: 200, body: 10_240 },
});
