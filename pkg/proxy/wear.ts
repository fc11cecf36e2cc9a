/** When a downstream connection has served its time. Its client comes back, to whichever worker has room: so load evens out. */
import type { Core } from './core.ts';

const SpreadSteps = 64;

/** @param openedAt monotonic ms @param remotePort of the client: tells connections of one burst from each other */
export function isWorn(core: Core, requests: number, openedAt: number, remotePort: number): boolean {
  const { requestsPerConnection, connectionAge } = core.settings.limits;
  if (requests >= requestsPerConnection) {
    core.telemetry.limitHit('requests-per-connection');
    return true;
  }
  if (connectionAge === 0) return false;
  // Spread over a tenth: connections opened in one burst, as after a restart, do not come back in one.
  const spread = 1 - (remotePort % SpreadSteps) / (10 * SpreadSteps);
  if (core.now() - openedAt < connectionAge * spread) return false;
  core.telemetry.limitHit('connection-age');
  return true;
}
