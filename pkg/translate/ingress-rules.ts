/** One Ingress by itself: its rules by host, its certificates, and what its annotations do to both. */
import type { Ingress, IngressBackend, IngressPath } from '../api/core.ts';
import type { Action, PathMatch, Rule } from '../ir/route.ts';
import { translateSslRedirect } from '../policy/redirect/translate.ts';
import type { Problem } from '../status/problem.ts';
import { judgeAnnotations, type UnsupportedAnnotations } from './annotations.ts';
import type { BackendRef } from './backendref.ts';
import type { Draft, ResolvedCertificate } from './draft.ts';
import { normaliseHostname } from './hostname.ts';

export interface IngressSettings {
  readonly sslRedirect: 'WhenTLS' | 'Always' | 'Never';
  readonly unsupportedAnnotations: UnsupportedAnnotations;
  /** Port that HTTP is redirected to. */
  readonly httpsPort: number;
}

export interface TranslatedIngress {
  readonly hosts: readonly HostRules[];
  /** Serves what no rule of any Ingress matches. */
  readonly defaultBackend: Rule | undefined;
  /** Filter that its plaintext side runs, where redirects are on for all hosts. */
  readonly defaultRedirect: string | undefined;
  readonly tls: readonly TlsHost[];
  readonly problems: readonly Problem[];
}

export interface HostRules {
  /** Lower case; `''` every host, `*.suffix` one label. */
  readonly host: string;
  readonly rules: readonly PlacedRule[];
  /** Id of the redirect filter that requests over plaintext meet. */
  readonly redirect: string | undefined;
}

export interface PlacedRule {
  readonly rule: Rule;
  /** Where it stands in the Ingress. */
  readonly path: string;
}

export interface TlsHost {
  readonly host: string;
  readonly path: string;
  /** Id in Ir.certificates; undefined: TLS is refused for the host. */
  readonly certificate: string | undefined;
  /** It is the one for want of another: whoever has one of its own for the host comes first. */
  readonly isDefault: boolean;
}

export function translateIngressRules(ingress: Ingress, settings: IngressSettings, draft: Draft): TranslatedIngress {
  const problems: Problem[] = [];
  const verdict = judgeAnnotations(ingress.metadata.annotations, settings.unsupportedAnnotations);
  problems.push(...verdict.problems);
  if (verdict.canary) return { hosts: [], defaultBackend: undefined, defaultRedirect: undefined, tls: [], problems };

  const toRule = (index: number, match: PathMatch, backend: IngressBackend, path: string): Rule => ({
    index,
    matches: [{ path: match, headers: [], queryParams: [], cookies: [] }],
    filters: [],
    action: verdict.refused ? refusal : actionOf(backend, path, draft, problems),
    timeouts: {},
  });
  const tls = translateTls(ingress, draft, problems);
  const sslRedirect = verdict.sslRedirect ?? settings.sslRedirect;
  const redirectOf = (host: string): string | undefined => {
    // What refuses must do so on every port: a redirect would hide the 503.
    if (verdict.refused || sslRedirect === 'Never') return undefined;
    // A broken Secret is no reason to serve in the clear what was meant to be encrypted.
    if (sslRedirect === 'WhenTLS' && !tls.some((entry) => coversHost(entry.host, host))) return undefined;
    const { httpsPort } = settings;
    return draft.addFilter({
      kind: 'redirect',
      config: { ...translateSslRedirect(), ...(httpsPort !== 443 && { port: httpsPort }) },
    });
  };

  const hosts = new Map<string, PlacedRule[]>();
  const places = rulesOf(ingress);
  for (const [index, { host, path, match, backend, backendPath }] of places.entries()) {
    const rules = hosts.get(host) ?? [];
    hosts.set(host, rules);
    rules.push({ rule: toRule(index, match, backend, backendPath), path });
  }
  const { defaultBackend } = ingress.spec;
  return {
    hosts: [...hosts].map(([host, rules]) => ({ host, rules, redirect: redirectOf(host) })),
    defaultBackend: defaultBackend && toRule(places.length, everyPath, defaultBackend, 'spec.defaultBackend'),
    defaultRedirect: defaultBackend && sslRedirect === 'Always' ? redirectOf('') : undefined,
    tls,
    problems,
  };
}

interface WrittenRule {
  readonly host: string;
  readonly path: string;
  readonly match: PathMatch;
  readonly backend: IngressBackend;
  readonly backendPath: string;
}

/** Every rule as it is written, in the order of their `Rule.index`. */
export function rulesOf({ spec }: Ingress): readonly WrittenRule[] {
  return (spec.rules ?? []).flatMap(({ host: written, http }, i): readonly WrittenRule[] => {
    const host = normaliseHostname(written);
    if (http !== undefined) {
      return http.paths.map((path, j) => {
        const at = `spec.rules[${i}].http.paths[${j}]`;
        return { host, path: at, match: matchOf(path), backend: path.backend, backendPath: `${at}.backend` };
      });
    }
    // IngressRule: "If … no IngressRuleValue …, all traffic matching the host is routed to the default backend".
    const backend = spec.defaultBackend;
    if (backend === undefined) return [];
    return [{ host, path: `spec.rules[${i}]`, match: everyPath, backend, backendPath: 'spec.defaultBackend' }];
  });
}

const refusal: Action = { kind: 'refuse', status: 503, code: 'annotation-unsupported' };
const everyPath: PathMatch = { kind: 'PathPrefix', value: '/' };

// "ImplementationSpecific: … Implementations can treat this as a separate pathType or treat it identically to Prefix or Exact."
function matchOf({ path = '/', pathType }: IngressPath): PathMatch {
  if (pathType === 'Exact') return { kind: 'Exact', value: path };
  // "A path /foo/ … trailing slash is ignored": /foo matches /foo, /foo/ and what lies below.
  return { kind: 'PathPrefix', value: path.replace(/\/+$/, '') || '/' };
}

function actionOf(backend: IngressBackend, path: string, draft: Draft, problems: Problem[]): Action {
  const { cluster, problem } = draft.resolveBackend(refOf(backend), path);
  // Of several rules with the same backend each says so: each has its own place.
  if (problem !== undefined) problems.push(problem);
  return { kind: 'forward', backends: [{ weight: 1, priority: 0, cluster, filters: [] }] };
}

function refOf({ service, resource }: IngressBackend): BackendRef {
  if (resource !== undefined) return { group: resource.apiGroup ?? '', kind: resource.kind, name: resource.name };
  const port = service?.port.number ?? service?.port.name;
  return { name: service?.name ?? '', ...(port !== undefined && { port }) };
}

function translateTls(ingress: Ingress, draft: Draft, problems: Problem[]): readonly TlsHost[] {
  // A list without hosts holds for the hosts that the Ingress has rules for.
  const ownHosts = [...new Set((ingress.spec.rules ?? []).map(({ host }) => normaliseHostname(host)))];
  return (ingress.spec.tls ?? []).flatMap(({ hosts = [], secretName }, i) => {
    const path = `spec.tls[${i}]`;
    const names = hosts.length > 0 ? hosts.map(normaliseHostname) : ownHosts.length > 0 ? ownHosts : [''];
    const named = secretName !== undefined && secretName !== '';
    const own = named ? draft.resolveCertificate({ name: secretName }, `${path}.secretName`) : undefined;
    const other = own?.id === undefined ? draft.resolveDefaultCertificate(`${path}.secretName`) : undefined;
    const problem = tlsProblem(path, names, own, other);
    if (problem !== undefined) problems.push(problem);
    return names.map((host) => ({ host, path, certificate: own?.id ?? other?.id, isDefault: own?.id === undefined }));
  });
}

/** @param own undefined: no Secret is named @param other the default certificate, if it was asked for and there is one */
function tlsProblem(
  path: string,
  names: readonly string[],
  own: ResolvedCertificate | undefined,
  other: ResolvedCertificate | undefined,
): Problem | undefined {
  if (own === undefined) {
    if (other?.id !== undefined) return undefined;
    const instead =
      other === undefined
        ? 'the gateway has no certificate of its own (--default-certificate)'
        : `the default certificate cannot be used (${other.problem.message})`;
    const message = `secretName is missing, and ${instead}, so TLS is refused for these hosts; name a Secret of type kubernetes.io/tls`;
    return { path: `${path}.secretName`, reason: 'InvalidCertificateRef', message };
  }
  if (own.problem === undefined) return undefined;
  const hosts = names.join(', ') || 'every host';
  const until = other?.id === undefined ? `TLS is refused for ${hosts}` : `the default certificate stands for ${hosts}`;
  return { ...own.problem, message: `${own.problem.message}; until then ${until}` };
}

/** Whether a name of a certificate or listener takes every host that `host` stands for; a wildcard is one label on both sides. */
export function coversHost(name: string, host: string): boolean {
  if (name === '' || name === host) return true;
  return name.startsWith('*.') && !host.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1);
}
