/** `gatewayctl route`: which listener, route, rule and backend would serve a request, and why every other candidate lost. */
import type { Filter } from '../../pkg/ir/filter.ts';
import type { Ir } from '../../pkg/ir/ir.ts';
import type { PolicyOrigin } from '../../pkg/ir/policy.ts';
import type { Action } from '../../pkg/ir/route.ts';
import { createFilter } from '../../pkg/policy/filters.ts';
import { inertFilterEnv } from '../../pkg/policy/inert-env.ts';
import { cookieOf, queryParamOf } from '../../pkg/proxy/query.ts';
import { isAmbiguous } from '../../pkg/routing/ambiguous.ts';
import { canonicalPath } from '../../pkg/routing/canonical.ts';
import { createCompiler } from '../../pkg/routing/compile.ts';
import { type Explanation, explain } from '../../pkg/routing/explain.ts';
import type { CompiledSocket } from '../../pkg/routing/socket.ts';
import { type MatchInput, Misdirected } from '../../pkg/routing/table.ts';
import { type Command, columns, UsageError } from './command.ts';
import { load } from './load.ts';
import { placeOf, placeOptions } from './place.ts';

export const route: Command = {
  name: 'route',
  positionals: ['[DIR]', 'METHOD', 'URL'],
  summary:
    'Say which listener, route, rule and backend would serve a request, and why every other candidate lost; exit code 1 if none.',
  outputs: ['text', 'json'],
  options: {
    ...placeOptions,
    gateway: {
      type: 'string',
      value: 'NAMESPACE/NAME',
      summary: 'Ask this Gateway; default: the first that serves it',
    },
    header: {
      type: 'string',
      short: 'H',
      multiple: true,
      value: "'NAME: VALUE'",
      summary: 'A header field; may be repeated',
    },
    'client-ip': { type: 'string', value: 'IP', summary: 'Address of the client' },
  },
  async run(args, print) {
    const { positionals, output, strings } = args;
    const [directory = '', method = '', target = ''] = positionals;
    const url = readUrl(target);
    const headers = readHeaders(strings['header'] ?? []);
    const { ir } = await load(placeOf(args, directory), { anyAddress: true });
    const answer = answerOf(ir, url, method, headers, strings['gateway']?.[0]);
    const client = strings['client-ip']?.[0];
    if (output === 'json')
      print(`${JSON.stringify({ method, url: target, ...(client && { client }), ...answer }, null, 2)}\n`);
    else print(render(answer));
    return answer.rule === null ? 1 : 0;
  },
};

interface Answer {
  /** What happens, in a sentence. */
  readonly summary: string;
  readonly path: string | null;
  readonly listeners: readonly string[];
  readonly rule: { readonly route: string; readonly index: number; readonly name?: string } | null;
  readonly filters: readonly string[];
  /** Which policy says what here, and which is overridden by whom. */
  readonly policies: readonly PolicyOrigin[];
  readonly backends: readonly string[];
  readonly candidates: readonly {
    readonly route: string;
    readonly rule: number;
    readonly match: number;
    readonly hostname: string;
    readonly outcome: string;
    readonly reason: string;
  }[];
}

const nothing: Omit<Answer, 'summary'> = {
  path: null,
  listeners: [],
  rule: null,
  filters: [],
  policies: [],
  backends: [],
  candidates: [],
};

function answerOf(
  ir: Ir,
  url: ParsedUrl,
  method: string,
  headers: ReadonlyMap<string, string>,
  gateway: string | undefined,
): Answer {
  const table = createCompiler({
    filter: (filter) => createFilter(filter, inertFilterEnv(ir.secrets)),
  }).compile(1, ir);
  const sockets = [...table.sockets.values()].filter(({ socket }) => listensFor(ir, socket, url, gateway));
  if (sockets.length === 0) {
    const whose = gateway === undefined ? 'Nothing' : `Gateway ${gateway} has nothing that`;
    return { ...nothing, summary: `${whose} listens on port ${url.port} for ${url.tls ? 'HTTPS' : 'HTTP'}.` };
  }
  const path = canonicalPath(url.path, ir.settings.default.path);
  if (path === 'path-invalid')
    return {
      ...nothing,
      summary: `400 path-invalid: ${url.path} holds encoded dot segments, a backslash or control characters.`,
    };
  const request = inputOf(url, method, path.canonical, headers);
  const answers = sockets.map((socket) => answerBy(ir, socket, request, url.tls ? url.host : null, path.readings));
  return answers.find(({ rule }) => rule !== null) ?? answers[0] ?? { ...nothing, summary: 'Nothing listens.' };
}

function answerBy(
  ir: Ir,
  socket: CompiledSocket,
  request: MatchInput,
  servername: string | null,
  readings: readonly string[],
): Answer {
  const answer = describe(ir, request.path, explain(socket, request, servername));
  const match = socket.match(request, servername);
  if (match === undefined || match === Misdirected || !isAmbiguous(socket, request, servername, match, readings))
    return answer;
  const { route, index } = match.rule;
  const by = `rule ${index} of ${route.kind}/${route.namespace}/${route.name}`;
  return {
    ...nothing,
    path: request.path,
    listeners: answer.listeners,
    candidates: answer.candidates,
    summary: `400 path-ambiguous: ${by} serves ${request.path}, but not what a backend may read it as: ${readings.join(', ')}. See dataPlane.path of the GatewayClassConfig.`,
  };
}

function describe(ir: Ir, path: string, { result, listeners, candidates }: Explanation): Answer {
  const base = {
    path,
    listeners: listeners.map(({ gateway, name, hostname }) => `${gateway}/${name} (${hostname || '*'})`),
    candidates: candidates.map(({ rule, match, hostname, outcome, reason }) => ({
      route: rule.routeId,
      rule: rule.index,
      match,
      hostname: hostname || '*',
      outcome,
      reason,
    })),
  };
  if (result === undefined || result === Misdirected)
    return {
      ...nothing,
      ...base,
      summary: result === undefined ? '404 no-route: no rule matches.' : '421 misdirected.',
    };
  const spec = result.route.rules.find(({ index }) => index === result.index);
  const backends = backendsOf(ir, result.action);
  return {
    ...base,
    summary: `Served by ${result.routeId} rule ${result.index}${spec?.name === undefined ? '' : ` (${spec.name})`}.`,
    rule: { route: result.routeId, index: result.index, ...(spec?.name !== undefined && { name: spec.name }) },
    filters: (spec?.filters ?? []).flatMap((id) => filterName(ir.filters[id])),
    policies: spec?.policies === undefined ? [] : (ir.policies[spec.policies] ?? []),
    backends,
  };
}

function filterName(filter: Filter | undefined): string | readonly string[] {
  if (filter === undefined) return [];
  return filter.mode === 'Shadow' ? `${filter.kind} (Shadow)` : filter.kind;
}

function backendsOf(ir: Ir, action: Action): string[] {
  if (action.kind === 'refuse') return [`answers ${action.status} ${action.code}`];
  if (action.kind === 'local') return ['answered by a filter'];
  return action.backends.map(({ cluster, weight, priority }) => {
    const found = cluster === null ? undefined : ir.clusters[cluster];
    const share = `weight ${weight}${priority > 0 ? `, priority ${priority}` : ''}`;
    return found === undefined
      ? `unresolved backend, answers 500 (${share})`
      : `${found.name} (${share}; ${found.endpoints.length} endpoints)`;
  });
}

function render({ summary, path, listeners, filters, policies, backends, candidates }: Answer): string {
  const facts = [
    ['Path', path ?? undefined],
    ['Listener', listeners.join(', then ') || undefined],
    ['Filters', filters.join(', ') || undefined],
    ['Backends', backends.join(', ') || undefined],
  ].filter(([, value]) => value !== undefined);
  const origins = policies.map(({ key, state, from, by }) => [key, state, from, by === undefined ? '' : `by ${by}`]);
  const rows = candidates.map((c) => [`${c.route}[${c.rule}]`, c.hostname, c.outcome, c.reason]);
  const table = origins.length === 0 ? '' : `\nPolicies:\n${columns(origins)}`;
  return `${summary}\n${columns(facts)}${table}${rows.length === 0 ? '' : `\nCandidates:\n${columns(rows)}`}`;
}

interface ParsedUrl {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** As written: URL would remove the dot segments that are to be judged. */
  readonly path: string;
  readonly query: string;
}

function readUrl(text: string): ParsedUrl {
  const parts = /^(https?):\/\/(\[[0-9a-fA-F:.]+\]|[^/:?#]+)(?::(\d{1,5}))?(\/[^?#]*)?(\?[^#]*)?$/.exec(text);
  if (parts === null) throw new UsageError(`"${text}" is no URL; write http://host/path or https://host/path`);
  const [, scheme, host = '', port, path = '/', query = ''] = parts;
  const tls = scheme === 'https';
  return {
    tls,
    host: host.toLowerCase().replace(/\.$/, ''),
    port: port === undefined ? (tls ? 443 : 80) : Number(port),
    path,
    query,
  };
}

function readHeaders(fields: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const field of fields) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(field) ?? [];
    if (name === undefined || value === undefined) throw new UsageError(`-H "${field}": write 'Name: value'`);
    const former = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), former === undefined ? value : `${former}, ${value}`);
  }
  return headers;
}

function listensFor(
  ir: Ir,
  socket: CompiledSocket['socket'],
  { port, tls }: ParsedUrl,
  gateway: string | undefined,
): boolean {
  const listener = socket.tiers
    .flat()
    .map((id) => ir.listeners[id])
    .find((found) => found !== undefined && (gateway === undefined || found.gateway === gateway));
  return listener?.port === port && (socket.protocol === 'HTTPS') === tls;
}

function inputOf(url: ParsedUrl, method: string, path: string, headers: ReadonlyMap<string, string>): MatchInput {
  return {
    method,
    host: url.host,
    path,
    header: (name) => headers.get(name),
    queryParam: (name) => queryParamOf(url.query, name),
    cookie: (name) => cookieOf(headers.get('cookie') ?? '', name),
  };
}
