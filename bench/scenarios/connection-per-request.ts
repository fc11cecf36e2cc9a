/** Clients that keep nothing alive. */
import { closedLoop } from './closed-loop.ts';

export const connectionPerRequest = closedLoop({
  name: 'connection-per-request',
  about: 'a connection for each GET of 200 bytes, 32 at a time',
  connections: 32,
  request: { answer: 200, close: true },
  onePerConnection: true,
});
