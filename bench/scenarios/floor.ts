/** How far everybody is from what the kernel alone asks for. */
import { closedLoop } from './closed-loop.ts';

export const floor = closedLoop({
  name: 'floor',
  about: 'the same as small, beside four system calls a request and nothing else',
  connections: 64,
  request: { answer: 200 },
  targets: ['floor', 'nginx', 'gateway'],
});
