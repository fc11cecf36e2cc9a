/** A whole data plane for tests, from an IR literal that says only what the test is about. */
import { Buffer } from 'node:buffer';
import type { Cluster } from '../ir/cluster.ts';
import type { Filter } from '../ir/filter.ts';
import type { Certificate, Ir } from '../ir/ir.ts';
import type { Listener } from '../ir/listener.ts';
import type { Action, Match, Rule } from '../ir/route.ts';
import type { Settings } from '../ir/settings.ts';
import { createFilter } from '../policy/filters.ts';
import type { FilterEnv, RuntimeFilter } from '../policy/runtime.ts';
import { Descriptors } from '../proxy/descriptors.ts';
import { createProxy, type Proxy } from '../proxy/proxy.ts';
import { Timers } from '../proxy/timers.ts';
import type { Transport } from '../proxy/transport.ts';
import { createSocketTransport } from '../proxy/transport-socket.ts';
import { defaultPathSettings } from '../routing/canonical.ts';
import { createCompiler } from '../routing/compile.ts';
import type { AccessRecord, Telemetry } from '../telemetry/record.ts';
import { createCall } from '../upstream/call.ts';
import { createClusters } from '../upstream/clusters.ts';
import { createUnary } from '../upstream/unary.ts';
import { testFilterEnv } from './filter-env.ts';

/** Changes to the default settings, section by section. */
export type SettingsChange = { readonly [K in Exclude<keyof Settings, 'redis'>]?: Partial<Settings[K]> };

export interface TestProxyOptions {
  readonly transport?: (timers: Timers) => Transport;
  readonly settings?: SettingsChange;
  /** Default: one rule that forwards everything to `backends`. */
  readonly rules?: readonly Partial<Rule>[];
  /** Ports on 127.0.0.1; cluster ids are `c0`, `c1`, …, one endpoint each. */
  readonly backends?: readonly number[];
  readonly cluster?: Partial<Cluster>;
  /** Of request bodies that policies hold, all together. */
  readonly heldBytes?: number;
  readonly filters?: Readonly<Record<string, Filter>>;
  /** Filters by id that are no policy of the product, such as one that throws. */
  readonly runtimeFilters?: Readonly<Record<string, RuntimeFilter>>;
  /** Default: one on any host. Their ids are the keys. */
  readonly listeners?: Readonly<Record<string, Partial<Listener>>>;
  readonly certificates?: Readonly<Record<string, Certificate>>;
  /** CA bundles (PEM). */
  readonly authorities?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly protocol?: 'HTTP' | 'HTTPS';
  /** More sockets, by id. */
  readonly sockets?: Readonly<Record<string, { readonly port: number }>>;
  /** Leaves out the usual socket. */
  readonly unbind?: boolean;
  /** Descriptors that this process may have open, the test's own included. Default: no budget. */
  readonly descriptorLimit?: number;
  /** Of the proxy and the filters: the choice of a backend asks it once per request. */
  readonly random?: () => number;
}

export interface TestProxy {
  readonly proxy: Proxy;
  readonly port: number;
  /** Copies, in the order the exchanges ended. */
  readonly records: readonly AccessRecord[];
  /** What `limitHit` was told. */
  readonly limits: readonly string[];
  /** What `policyDecision` was told: `policy mode decision code`. */
  readonly decisions: readonly string[];
  /** What filters have as `FilterEnv.call`, to the same clusters. */
  readonly call: FilterEnv['call'];
  readonly faults: readonly unknown[];
  /** Client connections that were told as opened and not yet as closed. */
  readonly open: number;
  /** Waits until this many exchanges have ended. */
  recorded(count: number): Promise<AccessRecord>;
  /** Applies the options anew, changed; sockets and connections stay. */
  apply(change: TestProxyOptions): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

export const anything: Match = {
  path: { kind: 'PathPrefix', value: '/' },
  headers: [],
  queryParams: [],
  cookies: [],
};

export const testSettings: Settings = {
  limits: {
    headerBytes: 16_384,
    headerCount: 100,
    urlLength: 8_192,
    bodyBytes: 0,
    connections: 1_000,
    connectionsPerListener: 1_000,
    requestsPerConnection: 10_000,
    connectionAge: 0,
    replayBytes: 65_536,
  },
  timeouts: {
    handshake: 5_000,
    header: 5_000,
    body: 5_000,
    idle: 10_000,
    tunnel: 10_000,
    write: 10_000,
    minBodyRate: 0,
  },
  headers: { underscores: 'Drop', via: false, forwarded: false, serverHeader: '' },
  path: defaultPathSettings,
  client: { trustedCIDRs: [], trustedHops: 0, proxyProtocol: 'Disabled', header: null, halfClose: 'Cancel' },
  egress: { allowLoopback: true, deniedCIDRs: [], allowedHostnames: [] },
  accessLog: { fields: [], sampling: 1, redact: [] },
  redis: null,
};

const SocketId = '127.0.0.1|0';

export async function createTestProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const timers = new Timers();
  const random = options.random ?? Math.random;
  const records: AccessRecord[] = [];
  const limits: string[] = [];
  const faults: unknown[] = [];
  const decisions: string[] = [];
  const waiters: (() => void)[] = [];
  let open = 0;
  const telemetry: Telemetry = {
    exchange(record) {
      records.push({ ...record });
      for (const wake of waiters.splice(0)) wake();
    },
    connectionOpened: () => void open++,
    connectionClosed: () => void open--,
    limitHit: (limit) => void limits.push(limit),
    upstreamConnection() {},
    policyDecision: (...labels) => void decisions.push(labels.join(' ')),
    valueDropped() {},
    tunnel() {},
  };
  const transport = (options.transport ?? createSocketTransport)(timers);
  const descriptors = new Descriptors(options.descriptorLimit ?? 0);
  const clusters = createClusters({
    descriptors,
    transport,
    timers,
    random: Math.random,
    telemetry,
    resolve: async () => [],
    egress: testSettings.egress,
  });
  const call = createCall({ clusters, timers });
  const runtimeFilters = options.runtimeFilters ?? {};
  const unary = createUnary(clusters);
  const compiler = createCompiler({
    filter: (filter, secret) => {
      const own = (filter.config as { readonly runtime?: string }).runtime;
      return own === undefined
        ? createFilter(filter, { ...testFilterEnv({ random }), secret, call, unary })
        : runtimeFilters[own]!;
    },
  });
  const proxy = createProxy({
    transport,
    timers,
    clusters,
    telemetry,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random,
    fault: (_where, error) => void faults.push(error),
    ticketKeys: Buffer.alloc(48, 7),
    reusePort: false,
    descriptors,
    ...(options.heldBytes !== undefined && { heldBytes: options.heldBytes }),
  });
  let version = 0;
  const apply = async (change: TestProxyOptions): Promise<Readonly<Record<string, string>>> => {
    const ir = irOf({ ...options, ...change });
    clusters.setEgress(ir.settings.default.egress);
    clusters.update(ir.clusters, ir.certificates, ir.authorities);
    return proxy.apply(compiler.compile(++version, ir), ir.certificates, ir.authorities);
  };

  const unbound = await apply({});
  if (Object.keys(unbound).length > 0) throw new Error(`could not bind: ${JSON.stringify(unbound)}`);
  return {
    proxy,
    port: proxy.portOf(SocketId),
    records,
    limits,
    decisions,
    call,
    faults,
    get open() {
      return open;
    },
    async recorded(count) {
      while (records.length < count) await new Promise<void>((resolve) => void waiters.push(resolve));
      return records[count - 1]!;
    },
    apply,
    async close() {
      await proxy.close();
      await clusters.close();
      compiler.close();
      timers.close();
    },
  };
}

function irOf(options: TestProxyOptions): Ir {
  const { protocol = 'HTTP', backends = [], settings = {} } = options;
  const listeners: Record<string, Listener> = {};
  const named: TestProxyOptions['listeners'] = options.listeners ?? { 'test/gw/main': {} };
  for (const [id, listener] of Object.entries(named)) {
    const name = id.split('/').at(-1)!;
    listeners[id] = { gateway: 'test/gw', name, port: 80, protocol, hostname: '', ...listener };
  }
  const clusters: Record<string, Cluster> = {};
  for (const [i, port] of backends.entries()) clusters[`c${i}`] = clusterOf(`c${i}`, port, options.cluster ?? {});
  const more = Object.entries(options.sockets ?? {}).map(([id, { port }]) => [id, port] as const);
  const custom: Record<string, Filter> = {};
  for (const id of Object.keys(options.runtimeFilters ?? {})) {
    custom[id] = { kind: 'cors', config: { runtime: id } } as Record<string, unknown> as Filter;
  }
  const forward: Action = {
    kind: 'forward',
    backends: backends.map((_, i) => ({ weight: 1, priority: 0, cluster: `c${i}`, filters: [] })),
  };
  return {
    settings: { default: merged(settings) },
    sockets: Object.fromEntries(
      [...(options.unbind === true ? [] : [[SocketId, 0] as const]), ...more].map(([id, port]) => [
        id,
        { address: '127.0.0.1', port, protocol, tiers: [Object.keys(listeners)] },
      ]),
    ),
    listeners,
    routes: {
      'HTTPRoute/test/main': {
        kind: 'HTTPRoute',
        namespace: 'test',
        name: 'main',
        created: 0,
        attachments: Object.values(listeners).map(({ hostname }, i) => ({
          listener: Object.keys(listeners)[i]!,
          hostnames: [hostname],
        })),
        rules: (options.rules ?? [{}]).map((rule, index) => ({
          index,
          matches: [anything],
          filters: [],
          action: forward,
          timeouts: {},
          ...rule,
        })),
      },
    },
    filters: { ...options.filters, ...custom },
    clusters,
    certificates: options.certificates ?? {},
    authorities: options.authorities ?? {},
    policies: {},
    secrets: options.secrets ?? {},
  };
}

function clusterOf(id: string, port: number, change: Partial<Cluster>): Cluster {
  return {
    name: `test/${id}`,
    protocol: 'HTTP11',
    endpoints: [{ host: '127.0.0.1', port, weight: 1, terminating: false }],
    loadBalancer: 'RoundRobin',
    limits: { maxConnections: 100, maxPendingRequests: 100 },
    connectTimeout: 1_000,
    idleTimeout: 10_000,
    maxLifetime: 0,
    lane: 'Auto',
    ...change,
  };
}

function merged(change: SettingsChange): Settings {
  return {
    limits: { ...testSettings.limits, ...change.limits },
    timeouts: { ...testSettings.timeouts, ...change.timeouts },
    headers: { ...testSettings.headers, ...change.headers },
    path: { ...testSettings.path, ...change.path },
    client: { ...testSettings.client, ...change.client },
    egress: { ...testSettings.egress, ...change.egress },
    accessLog: { ...testSettings.accessLog, ...change.accessLog },
    redis: testSettings.redis,
  };
}
