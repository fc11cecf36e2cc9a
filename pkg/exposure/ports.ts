/**
 * Which port inside the gateway's pods each port of each Gateway gets. The Services are the only memory: what stands in one stays,
 * so that a restart and a new leader change nothing, and every pod reads the same.
 */
import { hash } from 'node:crypto';
import type { GatewayExposure } from '../translate/exposure.ts';
import { InternalPorts } from '../translate/gateway-service.ts';

/** Listener port → internal port. */
export type PortMap = ReadonlyMap<number, number>;

export interface Allocation {
  /** By `namespace/name` of the Gateway; without the ports that are not to be had. */
  readonly ports: ReadonlyMap<string, PortMap>;
  /** Gateways that did not get all their ports. */
  readonly exhausted: readonly string[];
}

const PoolSize = InternalPorts.last - InternalPorts.first + 1;

/**
 * @param exposures in the order of the Gateways' age: the older one keeps a port that two Services name
 * @param existing what stands in the Services, by `namespace/name` of the Gateway
 */
export function allocatePorts(
  exposures: readonly GatewayExposure[],
  existing: ReadonlyMap<string, PortMap>,
): Allocation {
  const taken = new Set<number>();
  const ports = new Map<string, Map<number, number>>();
  const known = new Set(exposures.map(idOf));
  for (const exposure of exposures) {
    const id = idOf(exposure);
    const own = new Map<number, number>();
    ports.set(id, own);
    for (const [port, internal] of existing.get(id) ?? []) {
      const wanted = exposure.kind === 'Keep' || (exposure.kind === 'Service' && exposure.ports.includes(port));
      if (!wanted || taken.has(internal)) continue;
      taken.add(internal);
      own.set(port, internal);
    }
  }
  // Of Gateways that are gone: their Services go, too, and until then clients may still come.
  for (const [id, map] of existing) if (!known.has(id)) for (const internal of map.values()) taken.add(internal);

  const exhausted: string[] = [];
  for (const exposure of exposures) {
    if (exposure.kind !== 'Service') continue;
    const id = idOf(exposure);
    const own = ports.get(id) ?? new Map<number, number>();
    for (const port of exposure.ports) {
      if (own.has(port)) continue;
      const internal = firstFree(`${id}/${port}/TCP`, taken);
      if (internal === undefined) {
        if (exhausted.at(-1) !== id) exhausted.push(id);
        continue;
      }
      taken.add(internal);
      own.set(port, internal);
    }
  }
  return { ports, exhausted };
}

/** Begins at the hash of the key, so that two leaders that do not know of each other mostly choose the same. */
function firstFree(key: string, taken: ReadonlySet<number>): number | undefined {
  if (taken.size >= PoolSize) return undefined;
  const start = Number.parseInt(hash('sha256', key, 'hex').slice(0, 8), 16) % PoolSize;
  for (let i = 0; i < PoolSize; i++) {
    const port = InternalPorts.first + ((start + i) % PoolSize);
    if (!taken.has(port)) return port;
  }
  return undefined;
}

export function idOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
