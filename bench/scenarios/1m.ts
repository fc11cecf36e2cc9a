/** A download, where moving bytes is all the work. */
import { closedLoop, usualTargets } from './closed-loop.ts';

export const get1m = closedLoop({
  name: '1m',
  about: 'GET, 1 MiB, 16 connections kept alive',
  connections: 16,
  request: { answer: 1_048_576 },
  targets: [...usualTargets, 'nginx-64k'],
});
