/** Data-plane half of authorization: tenant first, then rules that deny, then rules that allow, then the default. */
import { createSources } from '../expression-sources.ts';
import type { Identity } from '../identity.ts';
import type { Exchange, FilterEnv, RuntimeFilter } from '../runtime.ts';
import { claimOf } from './claim.ts';
import { createRule } from './rule.ts';
import type { AuthorizationConfig, TenantConfig } from './schema.ts';
import { tenantReader } from './tenant.ts';

/** Methods whose credential is a bearer token (RFC 6750). */
const bearerMethods = new Set(['JWT', 'Introspection']);

export function createAuthorization(config: AuthorizationConfig, env: FilterEnv): RuntimeFilter {
  const { tenant, defaultAction } = config;
  const sources = createSources(env);
  const rules = config.rules.map((rule) => createRule(rule, sources));
  const isolated = tenant === null ? null : createIsolation(tenant);
  const allowing = rules.filter(({ action }) => action === 'Allow');

  const refuse = (exchange: Exchange): void => {
    const { identity } = exchange;
    if (identity === null) {
      if (allowing.some(({ needsIdentity }) => needsIdentity)) challenge(exchange);
      else exchange.deny('forbidden');
      return;
    }
    // RFC 6750 3.1, insufficient_scope: "The resource server SHOULD respond with the HTTP 403 (Forbidden) status code and MAY
    // include the "scope" attribute with the scope necessary to access the protected resource."
    const lacking = bearerMethods.has(identity.method)
      ? allowing.find((rule) => rule.matchesButScopes(exchange))
      : undefined;
    exchange.deny('forbidden', {
      ...(lacking && { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${lacking.scopes.join(' ')}"` }),
    });
  };

  return {
    onRequest: (exchange) => {
      if (isolated !== null && !isolated(exchange)) return;
      for (const rule of rules) {
        const match = rule.matches(exchange);
        if (match === 'no') continue;
        // A rule that cannot be asked denies, whatever it was to do: what it knows may have been the reason to refuse.
        if (match === 'failed' || rule.action === 'Deny') {
          if (exchange.identity === null && rule.needsIdentity) challenge(exchange);
          else exchange.deny('forbidden');
        }
        return;
      }
      if (defaultAction === 'Deny') refuse(exchange);
    },
    close: () => sources.close(),
  };
}

/** Whether identity and request are of one tenant. Refuses and gives false if not. */
function createIsolation({ claim, source }: TenantConfig): (exchange: Exchange) => boolean {
  const tenantAsked = tenantReader(source);
  return (exchange) => {
    const { identity, request } = exchange;
    if (identity === null) {
      challenge(exchange);
      return false;
    }
    const own = tenantOf(identity, claim);
    const asked = tenantAsked(request);
    if (source.kind === 'hostname' ? isLabel(own, asked) : own === asked) return true;
    exchange.deny('forbidden');
    return false;
  };
}

// Hostnames know no case, but only that of ASCII: the Kelvin sign in lower case is a k, and its tenant another one.
function isLabel(own: string, asked: string | undefined): boolean {
  return /^[\x21-\x7e]+$/.test(own) && own.toLowerCase() === asked;
}

function tenantOf(identity: Identity, claim: string): string {
  if (claim === '') return identity.tenant;
  const value = claimOf(identity, claim);
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/**
 * RFC 9110 15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field [...] containing at least one challenge applicable
 * to the target resource." Those of the methods in force are; where none is in force, or only some that have no scheme of HTTP (client certificates),
 * there is nothing to ask for.
 */
function challenge(exchange: Exchange): void {
  if (exchange.challenge === '') exchange.deny('forbidden');
  else exchange.deny('unauthenticated', { 'WWW-Authenticate': exchange.challenge });
}
