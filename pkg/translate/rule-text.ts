/** How rules are judged and named in statuses: shared by what both route kinds report. */
import type { Problem } from '../status/problem.ts';
import { summarise } from './condition.ts';
import type { TranslatedRule } from './rule.ts';

/** "if all rules are invalid, Accepted must be False" (Gateway API, PartiallyInvalid). */
export function isAccepted(rules: readonly TranslatedRule[]): boolean {
  return rules.length === 0 || rules.some(({ invalid }) => invalid.length === 0);
}

/** `rule pay`, `rule 1` if it has no name. */
export function ruleName({ name, index }: TranslatedRule): string {
  return name ?? String(index);
}

export function acceptedReason(invalid: readonly Problem[]): string {
  return invalid[0]?.reason === 'IncompatibleFilters' ? 'IncompatibleFilters' : 'UnsupportedValue';
}

export function droppedText(rule: TranslatedRule): string {
  const effect = rule.rule === undefined ? 'it matches no request' : 'requests that match it are answered 500';
  return `Dropped Rule ${ruleName(rule)}: ${summarise(rule.invalid.map(text))}; ${effect}`;
}

export function text({ path, message }: Problem): string {
  return `${path}: ${message}`;
}
