/** IRs and requests for the tests of this folder; also for benchmarks. */
import type { Filter } from '../ir/filter.ts';
import type { Ir } from '../ir/ir.ts';
import type { Listener, Socket } from '../ir/listener.ts';
import type { Attachment, Match, PathMatch, Route, Rule } from '../ir/route.ts';
import type { Settings } from '../ir/settings.ts';
import { defaultPathSettings } from './canonical.ts';
import type { MatchInput } from './table.ts';

export const settings: Settings = {
  limits: {
    headerBytes: 65_536,
    headerCount: 128,
    urlLength: 16_384,
    bodyBytes: 0,
    connections: 10_000,
    connectionsPerListener: 10_000,
    requestsPerConnection: 10_000,
    connectionAge: 0,
    replayBytes: 65_536,
  },
  timeouts: { handshake: 1, header: 1, body: 1, idle: 1, tunnel: 1, write: 1, minBodyRate: 0 },
  headers: { underscores: 'Reject', via: false, forwarded: false, serverHeader: '' },
  path: defaultPathSettings,
  client: { trustedCIDRs: [], trustedHops: 0, proxyProtocol: 'Disabled', header: null, halfClose: 'Cancel' },
  egress: { allowLoopback: true, deniedCIDRs: [], allowedHostnames: [] },
  accessLog: { fields: [], sampling: 1, redact: [] },
  redis: null,
};

export const prefix = (value: string): PathMatch => ({ kind: 'PathPrefix', value });
export const exact = (value: string): PathMatch => ({ kind: 'Exact', value });
export const regex = (value: string): PathMatch => ({ kind: 'RegularExpression', value });

export function match(path: PathMatch, more: Partial<Match> = {}): Match {
  return { path, headers: [], queryParams: [], cookies: [], ...more };
}

export function rule(index: number, matches: readonly Match[], more: Partial<Rule> = {}): Rule {
  return { index, matches, filters: [], action: { kind: 'local' }, timeouts: {}, ...more };
}

export function route(
  name: string,
  attachments: readonly Attachment[],
  rules: readonly Rule[],
  more: Partial<Route> = {},
): Route {
  return { kind: 'HTTPRoute', namespace: 'default', name, created: 0, attachments, rules, ...more };
}

export function listener(hostname: string, more: Partial<Listener> = {}): Listener {
  return { gateway: 'default/gw', name: hostname || 'any', port: 80, protocol: 'HTTP', hostname, ...more };
}

export function irOf(parts: {
  readonly listeners: Readonly<Record<string, Listener>>;
  readonly routes: readonly Route[];
  readonly tiers?: Socket['tiers'];
  readonly filters?: Readonly<Record<string, Filter>>;
}): Ir {
  const tiers = parts.tiers ?? [Object.keys(parts.listeners)];
  return {
    settings: { default: settings },
    sockets: { '*|80': { address: '*', port: 80, protocol: 'HTTP', tiers } },
    listeners: parts.listeners,
    routes: Object.fromEntries(parts.routes.map((entry) => [`${entry.kind}/${entry.namespace}/${entry.name}`, entry])),
    filters: parts.filters ?? {},
    clusters: {},
    certificates: {},
    authorities: {},
    policies: {},
    secrets: {},
  };
}

export interface RequestParts {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
}

export function request(parts: RequestParts): MatchInput {
  return {
    method: parts.method ?? 'GET',
    host: parts.host ?? 'a.example',
    path: parts.path ?? '/',
    header: (name) => parts.headers?.[name],
    queryParam: (name) => parts.query?.[name],
    cookie: (name) => parts.cookies?.[name],
  };
}
