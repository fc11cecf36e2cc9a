/**
 * IR → RoutingTable, again and again: each run costs what changed, and shares the rest with the table before. One compiler per worker.
 * An entry of the IR that did not change must be the same object as before (`ir/delta.ts` keeps it so).
 */
import type { Ir } from '../ir/ir.ts';
import type { Listener } from '../ir/listener.ts';
import type { Route } from '../ir/route.ts';
import { type CompilerEnv, FilterCache } from './filter-cache.ts';
import { HostTable } from './host-table.ts';
import { ListenerTable } from './listener.ts';
import { PatternCache } from './patterns.ts';
import { RuleCache } from './rules.ts';
import { CompiledSocket } from './socket.ts';
import type { RoutingTable } from './table.ts';

/** A table whose inside `explain.ts` can show. */
export interface CompiledTable extends RoutingTable {
  readonly sockets: ReadonlyMap<string, CompiledSocket>;
}

export interface Compiler {
  /** @param changed ids of all routes that may differ from the run before; without it every route is looked at, which takes milliseconds at 10,000 */
  compile(version: number, ir: Ir, changed?: Iterable<string>): CompiledTable;
  /** Closes every filter. */
  close(): void;
}

/** Routes by hostname pattern; sets and maps are replaced, never changed, since older tables hold them. */
type Hosts = ReadonlyMap<string, ReadonlySet<Route>>;

/** Per listener and hostname, what one run takes away and adds. */
type Changes = Map<string, Map<string, { readonly removed: Set<Route>; readonly added: Set<Route> }>>;

export function createCompiler(env: CompilerEnv): Compiler {
  const filters = new FilterCache(env);
  const rules = new RuleCache(filters, new PatternCache((what, error) => env.report?.(what, error)));
  // Its own: an owner of an IR who says what changed may change `ir.routes` in place.
  const routes = new Map<string, Route>();
  let lastRoutes: Ir['routes'] = {};
  let routesOf: ReadonlyMap<string, Hosts> = new Map();
  let listeners: ReadonlyMap<string, ListenerTable> = new Map();
  let sockets: ReadonlyMap<string, CompiledSocket> = new Map();

  return {
    compile(version, ir, changed) {
      filters.update(ir.filters, ir.secrets);
      const all = lastRoutes === ir.routes ? [] : new Set([...routes.keys(), ...Object.keys(ir.routes)]);
      const changes = takeRoutes(routes, ir.routes, changed ?? all);
      lastRoutes = ir.routes;
      routesOf = applyChanges(routesOf, changes);
      const before = listeners;
      listeners = compileListeners(before, ir.listeners, routesOf, changes, rules);
      sockets = compileSockets(sockets, ir.sockets, before, listeners);
      return Object.freeze({ version, settings: ir.settings.default, sockets });
    },
    close: () => filters.close(),
  };
}

/** Makes `known` what `routes` has under these ids, and tells what that changes where. */
function takeRoutes(known: Map<string, Route>, routes: Ir['routes'], ids: Iterable<string>): Changes {
  const changes: Changes = new Map();
  const each = (route: Route, kind: 'removed' | 'added'): void => {
    for (const { listener, hostnames } of route.attachments) {
      let hosts = changes.get(listener);
      if (hosts === undefined) changes.set(listener, (hosts = new Map()));
      for (const hostname of hostnames) {
        let change = hosts.get(hostname);
        if (change === undefined) hosts.set(hostname, (change = { removed: new Set(), added: new Set() }));
        change[kind].add(route);
      }
    }
  };
  for (const id of ids) {
    const old = known.get(id);
    const route = routes[id];
    if (old === route) continue;
    if (old !== undefined) each(old, 'removed');
    if (route === undefined) known.delete(id);
    else {
      known.set(id, route);
      each(route, 'added');
    }
  }
  return changes;
}

function applyChanges(before: ReadonlyMap<string, Hosts>, changes: Changes): ReadonlyMap<string, Hosts> {
  if (changes.size === 0) return before;
  const after = new Map(before);
  for (const [listener, hostChanges] of changes) {
    const hosts = new Map(before.get(listener));
    for (const [hostname, { removed, added }] of hostChanges) {
      const routes = new Set(hosts.get(hostname));
      for (const route of removed) routes.delete(route);
      for (const route of added) routes.add(route);
      if (routes.size === 0) hosts.delete(hostname);
      else hosts.set(hostname, routes);
    }
    if (hosts.size === 0) after.delete(listener);
    else after.set(listener, hosts);
  }
  return after;
}

function compileListeners(
  before: ReadonlyMap<string, ListenerTable>,
  listeners: Ir['listeners'],
  routesOf: ReadonlyMap<string, Hosts>,
  changes: Changes,
  rules: RuleCache,
): ReadonlyMap<string, ListenerTable> {
  const after = new Map<string, ListenerTable>();
  for (const id in listeners) {
    const listener = listeners[id]!;
    const old = before.get(id);
    const changed = changes.get(id);
    if (old !== undefined && old.listener === listener && changed === undefined) {
      after.set(id, old);
      continue;
    }
    const hosts = routesOf.get(id) ?? new Map<string, ReadonlySet<Route>>();
    // Rules refer to the place of a listener, not to its certificates: those come and go without compiling a route anew.
    const kept = old !== undefined && samePlace(old.listener, listener) ? old : null;
    const place = kept?.place ?? listener;
    const tables = new Map(kept?.hosts);
    for (const hostname of kept === null ? hosts.keys() : (changed?.keys() ?? [])) {
      const routes = hosts.get(hostname);
      const before = tables.get(hostname) ?? null;
      const at = { listenerId: id, listener: place, hostname, rules };
      if (routes === undefined) tables.delete(hostname);
      else tables.set(hostname, new HostTable(routes, at, before, changed?.get(hostname) ?? null));
    }
    after.set(id, new ListenerTable(listener, place, tables));
  }
  return after;
}

function samePlace(a: Listener, b: Listener): boolean {
  return (
    a.gateway === b.gateway &&
    a.name === b.name &&
    a.port === b.port &&
    a.protocol === b.protocol &&
    a.hostname === b.hostname
  );
}

function compileSockets(
  before: ReadonlyMap<string, CompiledSocket>,
  sockets: Ir['sockets'],
  oldListeners: ReadonlyMap<string, ListenerTable>,
  listeners: ReadonlyMap<string, ListenerTable>,
): ReadonlyMap<string, CompiledSocket> {
  const after = new Map<string, CompiledSocket>();
  for (const [id, socket] of Object.entries(sockets)) {
    const old = before.get(id);
    const same =
      old?.socket === socket &&
      socket.tiers.every((tier) => tier.every((l) => oldListeners.get(l) === listeners.get(l)));
    after.set(id, same ? old : new CompiledSocket(socket, listeners));
  }
  return after;
}
