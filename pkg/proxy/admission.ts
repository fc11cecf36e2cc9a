/** What serves a request, decided before any filter runs. */
import { isAmbiguous } from '../routing/ambiguous.ts';
import { Misdirected, type RuntimeRule } from '../routing/table.ts';
import type { Downstream } from './connection.ts';
import type { Core } from './core.ts';
import type { ErrorCode } from './errors.ts';
import type { Request } from './request.ts';

/** The rule, or why none serves it. Also settles `request.listenerPort`. */
export function findRule(core: Core, request: Request, downstream: Downstream): RuntimeRule | ErrorCode {
  const { bodyBytes } = core.settings.limits;
  if (bodyBytes > 0 && request.bodyLength > bodyBytes) {
    core.telemetry.limitHit('body-bytes');
    return 'body-too-large';
  }
  const socket = core.table.sockets.get(downstream.socketId);
  if (socket === undefined) return 'no-route';
  request.listenerPort = socket.socket.port;
  const { servername } = downstream.peer;
  const match = socket.match(request, servername);
  if (match === undefined) return 'no-route';
  if (match === Misdirected) return 'misdirected';
  if (request.pathReadings.length > 0 && isAmbiguous(socket, request, servername, match, request.pathReadings))
    return 'path-ambiguous';
  // RFC 9110 9.3.8: TRACE gives back what arrived, and with it the keys and identities that policies write for a backend alone.
  if (request.method === 'TRACE' && match.method !== 'TRACE') return 'method-not-allowed';
  request.listenerPort = match.rule.listener.port;
  return match.rule;
}
