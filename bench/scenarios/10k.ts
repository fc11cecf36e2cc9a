/** A page or a script. */
import { closedLoop } from './closed-loop.ts';

export const get10k = closedLoop({
  name: '10k',
  about: 'GET, 10 KiB, 64 connections kept alive',
  connections: 64,
  request: { answer: 10_240 },
});
