/** Which backend of a rule gets a request: priorities first, then weights. Called by the proxy, once per request and retry. */
import type { Backend } from '../../ir/route.ts';

/**
 * A backend, or null if no weight is above 0 (500 `backend-invalid`). By chance and not in turn, so that the shares hold for any number of workers.
 * A backend without cluster or without endpoints keeps its share within its priority: Gateway API wants 500 and 503 for that part of the requests.
 * @param usable whether any endpoint of a cluster may be tried
 * @param random 0 ≤ x < 1
 */
export function chooseBackend(
  backends: readonly Backend[],
  usable: (cluster: string) => boolean,
  random: number,
): Backend | null {
  if (backends.length === 1) return backends[0]!.weight > 0 ? backends[0]! : null;
  return draw(backends, priorityOf(backends, usable), random);
}

/** The lowest priority with a usable backend; if none is usable, the lowest, which then answers 503. */
function priorityOf(backends: readonly Backend[], usable: (cluster: string) => boolean): number {
  let lowest = Number.POSITIVE_INFINITY;
  let best = Number.POSITIVE_INFINITY;
  for (const { weight, priority, cluster } of backends) {
    if (weight <= 0) continue;
    lowest = Math.min(lowest, priority);
    if (priority < best && cluster !== null && usable(cluster)) best = priority;
  }
  return best === Number.POSITIVE_INFINITY ? lowest : best;
}

function draw(backends: readonly Backend[], priority: number, random: number): Backend | null {
  let total = 0;
  for (const each of backends) if (each.priority === priority) total += Math.max(each.weight, 0);
  let rest = random * total;
  let last: Backend | null = null;
  for (const each of backends) {
    if (each.priority !== priority || each.weight <= 0) continue;
    last = each;
    rest -= each.weight;
    if (rest < 0) return each;
  }
  return last;
}
