/**
 * A data worker: configuration in, served traffic out. The same in a thread of its own (`thread.ts`) and beside everything else (`inprocess.ts`).
 *
 * One configuration is applied at a time, in this order: clusters that are new, then the table, then clusters that are gone.
 * A request thus never meets a table whose cluster is missing.
 */
import type { Ir, Section } from '../ir/ir.ts';
import type { EgressSettings } from '../ir/settings.ts';
import type { RoutingTable } from '../routing/table.ts';
import { type Delta, diff, patch, touched } from './delta.ts';

/** Socket id → why it could not be bound. */
export type Unbound = Readonly<Record<string, string>>;

/** The rooms of the data plane, as narrow as they are used here. */
export interface DataWorkerParts {
  readonly compiler: { compile(version: number, ir: Ir, changed?: Iterable<string>): RoutingTable; close(): void };
  readonly clusters: {
    setEgress(settings: EgressSettings): void;
    update(clusters: Ir['clusters'], certificates: Ir['certificates'], authorities: Ir['authorities']): void;
    close(): void | Promise<void>;
  };
  readonly proxy: {
    apply(table: RoutingTable, certificates: Ir['certificates'], authorities: Ir['authorities']): Promise<Unbound>;
    drain(delay: number, timeout: number): Promise<void>;
    close(): Promise<void>;
    setTicketKeys(keys: Buffer): void;
  };
  readonly telemetry: { configure(ir: Ir): void; close(): void };
  /** What only this assembly has to close: timers, transports. */
  close?(): void | Promise<void>;
}

export interface DataWorker {
  /**
   * @param deltas in order; several when a replaced worker catches up
   * @param refused sockets that must not be bound, by id, with the reason
   */
  configure(version: number, deltas: readonly Delta[], refused: Unbound): Promise<Unbound>;
  drain(delay: number, timeout: number): Promise<void>;
  setTicketKeys(keys: Buffer): void;
  close(): Promise<void>;
}

/** Sections that routing compiles. Endpoints take the short path: a change of clusters alone recompiles nothing. */
const routed: readonly Section[] = [
  'settings',
  'sockets',
  'listeners',
  'routes',
  'filters',
  'policies',
  'certificates',
  'authorities',
  'secrets',
];
/** What clusters are made from. Looking through 10,000 of them costs a millisecond, so nobody does for an edit of a route. */
const clustered: readonly Section[] = ['clusters', 'certificates', 'authorities'];
/** No part keeps this section, only its entries. */
const own: readonly Section[] = ['routes'];

export function createDataWorker(parts: DataWorkerParts): DataWorker {
  let ir: Ir | null = null;
  let unbound: Unbound = {};
  let refusedBefore: Unbound = {};
  let turn: Promise<unknown> = Promise.resolve();

  async function apply(version: number, deltas: readonly Delta[], refused: Unbound): Promise<Unbound> {
    const before: Ir | null = ir;
    const changed = new Set<Section>();
    const routes = new Set<string>();
    let next: Ir | null = before;
    for (const received of deltas) {
      const delta = received.kind === 'whole' && next !== null ? diff(next, received.ir) : received;
      next = patch(next, delta, own);
      for (const section of touched(delta)) changed.add(section);
      for (const id of routeIds(delta)) routes.add(id);
    }
    if (next === null) return unbound;
    ir = next;
    const sameSockets = JSON.stringify(refused) === JSON.stringify(refusedBefore);
    refusedBefore = refused;

    if (before === null || changed.has('routes') || changed.has('settings')) parts.telemetry.configure(next);
    if (before?.settings !== next.settings) parts.clusters.setEgress(next.settings.default.egress);
    const changes = (sections: readonly Section[]): boolean => sections.some((section) => changed.has(section));
    const tableChanges = before === null || !sameSockets || changes(routed);
    const clusterChanges = before === null || changes(clustered);
    if (!tableChanges) {
      if (clusterChanges) parts.clusters.update(next.clusters, next.certificates, next.authorities);
      return unbound;
    }
    if (clusterChanges) {
      parts.clusters.update({ ...before?.clusters, ...next.clusters }, next.certificates, next.authorities);
    }
    const table = parts.compiler.compile(version, withoutSockets(next, refused), routes);
    unbound = { ...(await parts.proxy.apply(table, next.certificates, next.authorities)), ...refused };
    if (clusterChanges) parts.clusters.update(next.clusters, next.certificates, next.authorities);
    return unbound;
  }

  return {
    configure(version, deltas, refused) {
      const result = turn.then(() => apply(version, deltas, refused));
      turn = result.catch(() => undefined);
      return result;
    },
    drain: (delay, timeout) => parts.proxy.drain(delay, timeout),
    setTicketKeys: (keys) => parts.proxy.setTicketKeys(keys),
    async close() {
      await parts.proxy.close();
      await parts.clusters.close();
      parts.compiler.close();
      parts.telemetry.close();
      await parts.close?.();
    },
  };
}

function routeIds(delta: Delta): readonly string[] {
  if (delta.kind === 'whole') return Object.keys(delta.ir.routes);
  return [...Object.keys(delta.set.routes ?? {}), ...(delta.remove.routes ?? [])];
}

function withoutSockets(ir: Ir, refused: Unbound): Ir {
  if (Object.keys(refused).length === 0) return ir;
  return { ...ir, sockets: Object.fromEntries(Object.entries(ir.sockets).filter(([id]) => refused[id] === undefined)) };
}
