/** What /debug/* shows and the start-up table prints: pure views of the configuration that is served. Key material never gets here. */
import { X509Certificate } from 'node:crypto';
import type { Ir } from '../ir/ir.ts';
import type { PolicyOrigin } from '../ir/policy.ts';
import type { Action, Rule } from '../ir/route.ts';
import type { SourceProblem } from '../source/source.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { DebugPage } from './server.ts';

/** What the controller knows now. */
export interface Served {
  readonly version: number;
  /** null before the first configuration. */
  readonly ir: Ir | null;
  readonly statuses: readonly ObjectStatus[];
  readonly problems: readonly SourceProblem[];
}

/** JSON text of one page. */
export function viewOf(page: DebugPage, served: Served): string {
  return `${JSON.stringify(valueOf(page, served), null, 2)}\n`;
}

function valueOf(page: DebugPage, { version, ir, statuses, problems }: Served): unknown {
  const view: Readonly<Record<DebugPage, () => object>> = {
    config: () => ({ ir: ir === null ? null : redacted(ir) }),
    routes: () => ({ routes: ir === null ? [] : routeRows(ir) }),
    endpoints: () => ({ clusters: ir === null ? [] : clusterRows(ir) }),
    certs: () => ({ certificates: ir === null ? [] : certificateRows(ir) }),
    statuses: () => ({ statuses: statuses.map(({ ref, generation, status }) => ({ ...ref, generation, status })) }),
    problems: () => ({
      source: problems,
      objects: statuses.filter((s) => s.problems.length > 0).map(({ ref, problems }) => ({ ...ref, problems })),
    }),
  };
  return { version, ...view[page]() };
}

/** The IR without private keys: a dump is mailed around. */
export function redacted(ir: Ir): Ir {
  const certificates = Object.entries(ir.certificates).map(
    ([id, { certificate }]) => [id, { certificate, key: '[redacted]' }] as const,
  );
  const secrets = Object.keys(ir.secrets).map((id) => [id, '[redacted]'] as const);
  return { ...ir, certificates: Object.fromEntries(certificates), secrets: Object.fromEntries(secrets) };
}

export interface RouteRow {
  readonly listener: string;
  /** Where the listener is bound: `0.0.0.0:8080`. */
  readonly address: string;
  /** `*` for any. */
  readonly host: string;
  readonly path: string;
  readonly route: string;
  readonly rule: number;
  /** Clusters with their weights, or what happens instead of forwarding. */
  readonly backend: string;
  /** Which policy says what, and which is overridden by whom; absent where no policy says anything. */
  readonly policies?: readonly PolicyOrigin[];
}

/** One row for each listener, host, match and rule, by listener, host and path. */
export function routeRows(ir: Ir): readonly RouteRow[] {
  const addresses = addressesByListener(ir);
  const rows: RouteRow[] = [];
  for (const [route, { attachments, rules }] of Object.entries(ir.routes)) {
    for (const { listener, hostnames } of attachments) {
      for (const host of hostnames) {
        for (const rule of rules) {
          for (const path of new Set(rule.matches.map(pathOf))) {
            rows.push({
              listener,
              address: addresses.get(listener) ?? 'not bound',
              host: host === '' ? '*' : host,
              path,
              route,
              rule: rule.index,
              backend: backendOf(rule.action, rule.filters, ir),
              ...(rule.policies !== undefined && { policies: ir.policies[rule.policies] ?? [] }),
            });
          }
        }
      }
    }
  }
  const order = (row: RouteRow) => `${row.listener}\0${row.host}\0${row.path}`;
  return rows.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

function pathOf({ path, method, headers, queryParams, cookies }: Rule['matches'][number]): string {
  const value = path.kind === 'PathPrefix' ? `${path.value === '/' ? '' : path.value}/*` : path.value;
  const parts = [path.kind === 'RegularExpression' ? `~${value}` : value];
  if (method !== undefined) parts.unshift(method);
  for (const { name } of headers) parts.push(`header:${name}`);
  for (const { name } of queryParams) parts.push(`query:${name}`);
  for (const { name } of cookies) parts.push(`cookie:${name}`);
  return parts.join(' ');
}

function backendOf(action: Action, filters: readonly string[], ir: Ir): string {
  if (action.kind === 'refuse') return `${action.status} ${action.code}`;
  if (action.kind === 'local') {
    const answers = (kind: string | undefined) => kind === 'redirect' || kind === 'directResponse';
    return filters.map((id) => ir.filters[id]?.kind).find(answers) ?? 'local';
  }
  const alone = action.backends.length === 1;
  return action.backends
    .map(({ cluster, weight }) => {
      const name = cluster === null ? '500' : (ir.clusters[cluster]?.name ?? cluster);
      return alone ? name : `${name} ×${weight}`;
    })
    .join(', ');
}

function addressesByListener(ir: Ir): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const { address, port, tiers } of Object.values(ir.sockets)) {
    for (const listener of tiers.flat())
      map.set(listener, `${address.includes(':') ? `[${address}]` : address}:${port}`);
  }
  return map;
}

function clusterRows(ir: Ir): readonly unknown[] {
  return Object.entries(ir.clusters).map(([id, { name, endpoints, tls }]) => ({
    id,
    name,
    tls: tls !== undefined,
    endpoints: endpoints.map(({ host, port, weight, terminating }) => ({
      address: port === 0 ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`,
      weight,
      terminating,
    })),
  }));
}

function certificateRows(ir: Ir): readonly unknown[] {
  const users = Object.entries(ir.listeners);
  return Object.entries(ir.certificates).map(([id, { certificate }]) => ({
    id,
    ...describe(certificate),
    listeners: users.filter(([, { tls }]) => tls?.certificates.includes(id)).map(([listener]) => listener),
  }));
}

function describe(pem: string): Record<string, unknown> {
  try {
    const leaf = new X509Certificate(pem);
    return {
      subject: leaf.subject,
      names: leaf.subjectAltName ?? '',
      issuer: leaf.issuer,
      notBefore: leaf.validFromDate.toISOString(),
      notAfter: leaf.validToDate.toISOString(),
      fingerprint: leaf.fingerprint256,
    };
  } catch (error) {
    return { problem: Error.isError(error) ? error.message : String(error) };
  }
}
