/** When a downstream connection has served its time. Its client comes back, to whichever worker has room: so load evens out. */
import { persists } from '../http1/connection.ts';
import type { Core } from './core.ts';
import type { ActiveExchange } from './exchange.ts';

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

/**
 * Whether the client ends the connection with this request, which was read without an error. RFC 9112 9.6: it "MUST NOT send further requests":
 * nothing can be on its way that a close would answer with a reset, so it need not be done in two steps (a tenth of what such a request costs).
 */
export function isLast({ error, request }: ActiveExchange): boolean {
  return error === null && !persists(request.options, request.head.minor);
}
