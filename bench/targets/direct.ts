/** No proxy at all: the origin, for what everything else is compared with. */
import type { Origin } from '../origin.ts';
import type { Target } from './target.ts';

export function directTarget(origin: Origin): Target {
  return {
    name: 'direct',
    version: () => Promise.resolve(null),
    start: () =>
      Promise.resolve({
        pid: origin.pid,
        plainPort: origin.port,
        tlsPort: 0,
        log: null,
        routeOf: () => '',
        stop: () => Promise.resolve(),
      }),
  };
}
