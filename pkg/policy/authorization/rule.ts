/** One rule, compiled. */
import { compileExpression, ExpressionFailure } from '../../expression/expression.ts';
import type { Sources } from '../../expression/variables.ts';
import type { Identity } from '../identity.ts';
import type { Exchange } from '../runtime.ts';
import { claimOf, hasValue } from './claim.ts';
import type { RuleConfig } from './schema.ts';

export interface Rule {
  readonly action: 'Allow' | 'Deny';
  readonly scopes: readonly string[];
  /** Whether a credential could make a difference. */
  readonly needsIdentity: boolean;
  matches(exchange: Exchange): Match;
  /** Whether all but the scopes holds. */
  matchesButScopes(exchange: Exchange): boolean;
}

/** `failed`: `when` gave no answer. */
export type Match = 'yes' | 'no' | 'failed';

/** Throws if `when` cannot be compiled: what translate should have refused. */
export function createRule({ action, scopes, roles, claims, when }: RuleConfig, sources: Sources): Rule {
  const condition = when === '' ? undefined : compileExpression(when, 'condition', sources);
  const holds = (identity: Identity): boolean =>
    (roles.length === 0 || roles.some((role) => identity.roles.includes(role))) &&
    claims.every(({ claim, values }) => hasValue(claimOf(identity, claim), values));
  const ask = (exchange: Exchange): Match => {
    if (condition === undefined) return 'yes';
    try {
      return condition.evaluate(exchange) ? 'yes' : 'no';
    } catch (error) {
      if (error instanceof ExpressionFailure) return 'failed';
      throw error;
    }
  };
  const needsFields = scopes.length > 0 || roles.length > 0 || claims.length > 0;
  return {
    action,
    scopes,
    needsIdentity: needsFields || /\bidentity\b/.test(when),
    matches(exchange) {
      const { identity } = exchange;
      if (needsFields && (identity === null || !hasScopes(identity, scopes) || !holds(identity))) return 'no';
      return ask(exchange);
    },
    matchesButScopes(exchange) {
      const { identity } = exchange;
      return identity !== null && !hasScopes(identity, scopes) && holds(identity) && ask(exchange) === 'yes';
    },
  };
}

function hasScopes(identity: Identity, scopes: readonly string[]): boolean {
  return scopes.every((scope) => identity.scopes.includes(scope));
}
