/** What a GatewayRoute's status has beyond an HTTPRoute's: conditions of the object, states of its rules, and a summary for columns. */
import type { GatewayRoute } from '../api/gatewayroute.ts';
import type { Condition } from '../status/status.ts';
import type { Parent } from './attach.ts';
import { Conditions, limit, summarise } from './condition.ts';
import { faultsOf, lacksOf, notesOfRule } from './policy-notes.ts';
import type { PolicyUse } from './policy-use.ts';
import type { TranslatedRule } from './rule.ts';
import { acceptedReason, droppedText, isAccepted, ruleName, text } from './rule-text.ts';

interface RuleStatus {
  /** First, since `kubectl describe` sorts keys and marks no list items. */
  readonly index: number;
  readonly name?: string;
  readonly state: 'Programmed' | 'Degraded' | 'Dropped' | 'Pending';
  readonly reason: string;
  readonly message: string;
}

export function gatewayRouteStatus(
  { metadata }: GatewayRoute,
  parents: readonly Parent[],
  rules: readonly TranslatedRule[],
  { entries, uses }: { /** status.parents */ readonly entries: readonly object[]; readonly uses: readonly PolicyUse[] },
): Readonly<Record<string, unknown>> {
  const { generation } = metadata;
  if (parents.length === 0) return { observedGeneration: generation, parents: [] };
  const served = parents.some(({ attached }) => attached.some(({ listener }) => listener.fault === ''));
  const states = rules.map((rule) => ruleStatus(rule, served, uses));
  const ready = states.filter(({ state }) => state === 'Programmed').length;
  const worst = states.find(({ state }) => state === 'Dropped') ?? states.find(({ state }) => state !== 'Programmed');
  const conditions = objectConditions(generation, parents, rules, states, served);
  const reason = conditions.find(({ type, status }) => type === 'Accepted' && status === 'False')?.reason;
  return {
    observedGeneration: generation,
    conditions,
    parents: entries,
    rules: states,
    summary: {
      accepted: conditions[0]?.status ?? 'Unknown',
      parents: [...new Set(parents.map(({ gateway }) => `${gateway.namespace}/${gateway.name}`))].join(','),
      programmed: served ? 'True' : 'False',
      rules: `${ready}/${rules.length}`,
      ...(reason === undefined && worst === undefined
        ? {}
        : { reason: reason ?? `${worst?.name ?? worst?.index}: ${worst?.reason}` }),
    },
  };
}

function ruleStatus(rule: TranslatedRule, served: boolean, uses: readonly PolicyUse[]): RuleStatus {
  const base = { index: rule.index, ...(rule.name === undefined ? {} : { name: rule.name }) };
  const notes = [...rule.notes.map(text), ...notesOfRule(uses, rule.index)];
  const say = (state: RuleStatus['state'], reason: string, message: string): RuleStatus => ({
    ...base,
    state,
    reason,
    message: limit([message, ...notes].join('; ')),
  });
  const [invalid] = rule.invalid;
  if (invalid !== undefined) return say('Dropped', invalid.reason, droppedText(rule));
  const own = uses.filter(({ index }) => index === rule.index);
  const faults = [...faultsOf(own), ...lacksOf(own)];
  const [fault] = faults;
  if (fault !== undefined) return say('Degraded', fault.reason, summarise(faults.map(({ message }) => message)));
  const [unresolved] = rule.unresolved;
  if (unresolved !== undefined) {
    return say('Degraded', unresolved.reason, `${summarise(rule.unresolved.map(text))}; ${effectOf(rule)}`);
  }
  if (!served) return say('Pending', 'Pending', 'no listener that it is attached to is served');
  return say('Programmed', 'Programmed', purpose(rule));
}

function effectOf({ backends, unresolved, rule, closed }: TranslatedRule): string {
  if (closed) return 'this rule answers 500 until it exists or the reference is corrected';
  if (rule?.action.kind !== 'forward') return 'mirrors to it are left out';
  if (backends.total > 0 && backends.resolved === 0)
    return 'this rule answers 500 until it exists or the reference is corrected';
  const mirrors = backends.total - backends.resolved < unresolved.length;
  return mirrors && backends.total === backends.resolved
    ? 'mirrors to it are left out'
    : 'its share of the requests answers 500 until it exists or the reference is corrected';
}

function purpose({ rule, backends }: TranslatedRule): string {
  if (rule?.action.kind === 'local') return 'answered by a filter of the rule';
  if (backends.total === 0) return 'no backendRefs: this rule answers 500';
  return `${backends.resolved} of ${backends.total} backendRefs resolved`;
}

function objectConditions(
  generation: number,
  parents: readonly Parent[],
  rules: readonly TranslatedRule[],
  states: readonly RuleStatus[],
  served: boolean,
): readonly Condition[] {
  const conditions = new Conditions(generation);
  const refusal = parents.find((parent) => parent.refusal !== undefined)?.refusal;
  const unresolved = rules.filter((rule) => rule.unresolved.length > 0);
  const notReady = states.filter(({ state }) => state !== 'Programmed');
  const names = notReady.map(({ name, index }) => name ?? String(index)).join(', ');
  const reason = notReady[0]?.reason ?? 'Ready';
  return [
    accepted(conditions, refusal, rules, states),
    unresolved.length === 0
      ? conditions.yes('ResolvedRefs', 'every reference is resolved')
      : conditions.no(
          'ResolvedRefs',
          unresolved[0]?.unresolved[0]?.reason ?? 'BackendNotFound',
          summarise(
            unresolved.flatMap((rule) => rule.unresolved.map(({ message }) => `rule ${ruleName(rule)}: ${message}`)),
          ),
        ),
    served
      ? conditions.yes('Programmed', `generation ${generation} is live on all data planes`)
      : conditions.no('Programmed', 'Pending', whyNotServed(parents)),
    notReady.length === 0 && refusal === undefined
      ? conditions.yes('Ready', 'every rule is served')
      : conditions.no(
          'Ready',
          refusal?.reason ?? reason,
          refusal?.message ??
            `${notReady.length} of ${rules.length} rules ${notReady.length === 1 ? 'is' : 'are'} not served as written: ${names}`,
        ),
  ];
}

function accepted(
  conditions: Conditions,
  refusal: Parent['refusal'],
  rules: readonly TranslatedRule[],
  states: readonly RuleStatus[],
): Condition {
  if (refusal !== undefined) return conditions.no('Accepted', refusal.reason, refusal.message);
  if (!isAccepted(rules)) {
    return conditions.no(
      'Accepted',
      acceptedReason(rules.flatMap((rule) => rule.invalid)),
      summarise(rules.map(droppedText)),
    );
  }
  // What waits for its listener is well as far as the route is concerned.
  const well = states.filter(({ state }) => state === 'Programmed' || state === 'Pending').length;
  return conditions.yes('Accepted', `${well} of ${rules.length} rules are served as written`);
}

function whyNotServed(parents: readonly Parent[]): string {
  const faults = parents.flatMap(({ attached }) =>
    attached.map(({ listener }) => `listener ${listener.name}: ${listener.fault}`),
  );
  return faults.length === 0 ? 'attached to no listener' : summarise(faults);
}
