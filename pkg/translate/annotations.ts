/** What this release knows about Ingress annotations, and what an Ingress that uses them may still serve. */
import type { Problem } from '../status/problem.ts';

export type UnsupportedAnnotations = 'RejectSecurity' | 'RejectAll' | 'Ignore';

export interface Verdict {
  /** Whether every rule must refuse: serving without what was asked for could open the site. */
  readonly refused: boolean;
  /** A second Ingress for the same paths, never to be served as if it were the first. */
  readonly canary: boolean;
  /** What ssl-redirect and force-ssl-redirect say; undefined leaves it to the class. */
  readonly sslRedirect?: 'WhenTLS' | 'Always' | 'Never';
  readonly problems: readonly Problem[];
}

const Unsupported = 'AnnotationUnsupported';
const prefixes = ['nginx.ingress.kubernetes.io/', 'gateway.suuupra.io/'];

interface Annotation {
  /** Whether it protects something, so that serving without it is worse than not serving. */
  readonly security: boolean;
  /** What to do instead. */
  readonly advice: string;
  /** Values that ask for nothing; the empty value never does. */
  readonly off?: readonly string[];
}

const authentication = 'put an authenticating proxy in front of the backend';
const sourceRange = 'restrict addresses in a NetworkPolicy or in front of the gateway';
const rate = 'limit in the backend';
const snippet = 'write a GatewayRoute with the filters you need, since raw nginx configuration is never run';
const backendTls = 'write a Backend with spec.tls and refer to it in backend.resource';
const route = 'write a GatewayRoute for this host';

const protects = (advice: string, ...off: string[]): Annotation => ({ security: true, advice, off });
const shapes = (advice: string, ...off: string[]): Annotation => ({ security: false, advice, off });

/** By name without prefix. Every name that begins with one of `securityPrefixes` protects as well. */
const table: Readonly<Record<string, Annotation>> = {
  'whitelist-source-range': protects(sourceRange),
  'allowlist-source-range': protects(sourceRange),
  'denylist-source-range': protects(sourceRange),
  'enable-global-auth': protects(authentication, 'false'),
  satisfy: protects(authentication),
  'limit-rps': protects(rate, '0'),
  'limit-rpm': protects(rate, '0'),
  'limit-connections': protects(rate, '0'),
  'limit-burst-multiplier': shapes(rate),
  'limit-allowlist': shapes(rate),
  'limit-whitelist': shapes(rate),
  'limit-rate': shapes(rate, '0'),
  'limit-rate-after': shapes(rate, '0'),
  'enable-modsecurity': protects('put a web application firewall in front of the gateway', 'false'),
  'enable-owasp-core-rules': protects('put a web application firewall in front of the gateway', 'false'),
  'modsecurity-snippet': protects('put a web application firewall in front of the gateway'),
  'configuration-snippet': protects(snippet),
  'server-snippet': protects(snippet),
  'stream-snippet': protects(snippet),
  'ssl-passthrough': protects('terminate TLS at the gateway with a Secret in spec.tls', 'false'),
  'proxy-ssl-secret': protects(backendTls),
  'proxy-ssl-verify': protects(backendTls, 'off'),
  'backend-protocol': shapes(backendTls, 'HTTP'),
  'rewrite-target': shapes('write a GatewayRoute with a URLRewrite filter'),
  'use-regex': shapes('write a GatewayRoute with RegularExpression matches', 'false'),
  'app-root': shapes('write a GatewayRoute with a RequestRedirect filter'),
  'permanent-redirect': shapes('write a GatewayRoute with a RequestRedirect filter'),
  'temporal-redirect': shapes('write a GatewayRoute with a RequestRedirect filter'),
  'from-to-www-redirect': shapes('write a GatewayRoute with a RequestRedirect filter', 'false'),
  'upstream-vhost': shapes('write a GatewayRoute with urlRewrite.hostname'),
  'custom-headers': shapes('write a GatewayRoute with a ResponseHeaderModifier filter'),
  'enable-cors': shapes('write a GatewayRoute with a CORS filter', 'false'),
  'mirror-target': shapes('write a GatewayRoute with a RequestMirror filter'),
  'proxy-read-timeout': shapes('write a GatewayRoute with timeouts'),
  'proxy-send-timeout': shapes('write a GatewayRoute with timeouts'),
  'proxy-next-upstream': shapes('write a GatewayRoute with retry'),
  'proxy-next-upstream-tries': shapes('write a GatewayRoute with retry'),
  'load-balance': shapes('write a Backend with spec.loadBalancer', 'round_robin'),
  canary: shapes('write an HTTPRoute with weights', 'false'),
};

// What follows these is not known to be harmless: `auth-url`, `auth-tls-secret`, `global-rate-limit`, …
const securityPrefixes = [
  'auth-',
  'global-auth',
  'global-rate-limit',
  'modsecurity',
  'lua-resty-waf',
  'whitelist',
  'allowlist',
  'denylist',
];

export function judgeAnnotations(
  annotations: Readonly<Record<string, string>>,
  policy: UnsupportedAnnotations,
): Verdict {
  const canary = prefixes.map((prefix) => `${prefix}canary`).find((key) => annotations[key] === 'true');
  if (canary !== undefined) {
    const effect =
      'is not supported by this release, so this Ingress is not served, since it would take all of the traffic';
    const message = `${effect}; remove the annotation and write an HTTPRoute with weights`;
    return { refused: false, canary: true, problems: [{ path: pathOf(canary), reason: Unsupported, message }] };
  }
  const problems: Problem[] = [];
  let refused = false;
  for (const [key, value] of Object.entries(annotations)) {
    const name = nameOf(key);
    if (name === undefined || Object.hasOwn(implemented, name)) continue;
    const known = lookUp(name);
    if (value.trim() === '' || (known.off ?? []).includes(value.trim())) continue;
    const refuses = policy === 'RejectAll' || (policy === 'RejectSecurity' && known.security);
    refused ||= refuses;
    problems.push(unsupported(key, known, refuses));
  }
  const sslRedirect = sslRedirectOf(annotations, problems);
  return { refused, canary: false, problems, ...(sslRedirect !== undefined && { sslRedirect }) };
}

function nameOf(key: string): string | undefined {
  const prefix = prefixes.find((candidate) => key.startsWith(candidate));
  return prefix === undefined ? undefined : key.slice(prefix.length);
}

function lookUp(name: string): Annotation {
  if (Object.hasOwn(table, name)) return table[name] ?? shapes(route);
  return securityPrefixes.some((prefix) => name.startsWith(prefix)) ? protects(authentication) : shapes(route);
}

function unsupported(key: string, { security, advice }: Annotation, refuses: boolean): Problem {
  const open = security ? ' rather than being open' : '';
  const effect = refuses ? `so every rule of this Ingress answers 503${open}` : 'and has no effect';
  const message = `is not supported by this release, ${effect}; remove the annotation and ${advice}`;
  return { path: pathOf(key), reason: Unsupported, message };
}

function pathOf(key: string): string {
  return `metadata.annotations[${key}]`;
}

const implemented = { 'ssl-redirect': true, 'force-ssl-redirect': true } as const;

// ingress-nginx: ssl-redirect counts where the host has TLS, force-ssl-redirect everywhere; of two prefixes ours counts.
function sslRedirectOf(annotations: Readonly<Record<string, string>>, problems: Problem[]): Verdict['sslRedirect'] {
  const read = (name: keyof typeof implemented): boolean | undefined => {
    const key = prefixes.map((prefix) => prefix + name).findLast((candidate) => annotations[candidate] !== undefined);
    if (key === undefined) return undefined;
    const value = annotations[key] ?? '';
    if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
    if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
    problems.push({
      path: pathOf(key),
      reason: 'AnnotationInvalid',
      message: `"${value}" has no effect; write "true" or "false"`,
    });
    return undefined;
  };
  const force = read('force-ssl-redirect');
  const whenTls = read('ssl-redirect');
  if (force === true) return 'Always';
  if (whenTls === undefined) return undefined;
  return whenTls ? 'WhenTLS' : 'Never';
}
