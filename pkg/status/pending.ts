/** What may be said of a configuration that not every worker has acknowledged yet. Used by the controller. */
import { isMap } from './canonical.ts';
import type { ObjectStatus } from './status.ts';

const MESSAGE = 'not every worker serves this configuration yet';

/**
 * Statuses to publish while an acknowledgement is overdue: one stuck worker must not hold back every route's `Accepted`, but
 * Programmed means programmed. Gateways are left out (their stragglers show there), other Programmed conditions are Unknown.
 */
export function pendingStatuses(statuses: readonly ObjectStatus[]): ObjectStatus[] {
  return statuses
    .filter(({ ref }) => ref.kind !== 'Gateway')
    .map((status) => ({ ...status, status: withPending(status.status, MESSAGE) }));
}

/** The same, where what is Programmed is Unknown instead; `message` says who does not serve it yet. */
export function withPending(status: ObjectStatus['status'], message: string): ObjectStatus['status'] {
  return asPending(status, message) as ObjectStatus['status'];
}

function asPending(value: unknown, message: string): unknown {
  if (Array.isArray(value)) return value.map((item) => asPending(item, message));
  if (!isMap(value)) return value;
  if (isLive(value)) return { ...value, status: 'Unknown', reason: 'Pending', message };
  // A rule of a GatewayRoute, and the scalars that columns read.
  if ('index' in value && value['state'] === 'Programmed')
    return { ...value, state: 'Pending', reason: 'Pending', message };
  const fields = Object.entries(value).map(([name, field]) => [name, asPending(field, message)] as const);
  const { programmed } = value;
  return { ...Object.fromEntries(fields), ...(programmed === 'True' && { programmed: 'Unknown' }) };
}

/** A condition that says that traffic is served. */
function isLive({ type, status }: Readonly<Record<string, unknown>>): boolean {
  return (type === 'Programmed' || type === 'Ready') && status === 'True';
}
