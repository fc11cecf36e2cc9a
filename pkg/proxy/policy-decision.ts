/** Counts what a policy refuses or fails at, under its key. */
import type { ActiveExchange } from './exchange.ts';

/** Filters that are no policy are not counted. */
export function countDecision(exchange: ActiveExchange, decision: 'denied' | 'error', code: string): void {
  const policy = runningPolicy(exchange);
  if (policy !== '') exchange.core.telemetry.policyDecision(policy, 'Enforce', decision, code);
}

export function runningPolicy({ backend, inRequest, phases, rule }: ActiveExchange): string {
  const { at, chain } = phases;
  if (at < 0 || rule === null) return '';
  if (inRequest) return (chain === rule.onRequest ? rule : backend)?.requestPolicies[at] ?? '';
  // On responses the backend's filters run first, perhaps in one chain with the rule's.
  const before = backend === null ? [] : backend.responsePolicies;
  return before[at] ?? rule.responsePolicies[at - before.length] ?? '';
}
