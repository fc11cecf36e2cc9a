/** One rule of an HTTPRoute or GatewayRoute, which are the same here: GatewayRoute's own fields are simply absent in an HTTPRoute. */
import type { GatewayRouteBackendRef, GatewayRouteFilter, GatewayRouteRule } from '../api/gatewayroute.ts';
import type { Filter } from '../ir/filter.ts';
import type { Action, Backend, Rule } from '../ir/route.ts';
import { translateRetry, translateTimeouts } from '../policy/rule-settings.ts';
import { isProblems } from '../policy/translated.ts';
import { translateFilters } from '../policy/translators.ts';
import type { Problem } from '../status/problem.ts';
import type { Draft } from './draft.ts';
import type { RankedLevel } from './effective.ts';
import { ignored } from './listeners.ts';
import { translateMatches } from './match.ts';
import { policyContext } from './policy-context.ts';
import { isReference } from './references.ts';
import { ownLevels } from './rule-levels.ts';
import { dressesAnswers } from './rule-policies.ts';

export interface TranslatedRule {
  readonly index: number;
  readonly name: string | undefined;
  /** undefined: it cannot even be matched, so it is not in the IR. */
  readonly rule: Rule | undefined;
  /** What can never work in it; empty if it can. A rule that can be matched answers 500 then. */
  readonly invalid: readonly Problem[];
  /** References that do not resolve. Of backends: their share of the requests answers 500; mirrors are left out; of guards: the rule is `closed`. */
  readonly unresolved: readonly Problem[];
  /** One of `unresolved` is to protect the rule, such as the service of ExternalAuth: all of it answers 500. */
  readonly closed: boolean;
  /** Fields that are not acted on, and other hints. */
  readonly notes: readonly Problem[];
  /** What its own filters, ExtensionRefs and `policies` say: levels of their own. */
  readonly levels: readonly RankedLevel[];
  /** Filters that are no policy: they hold whatever policies say. */
  readonly plain: readonly Filter[];
  /** backendRefs in all, and how many of them serve. */
  readonly backends: { readonly total: number; readonly resolved: number };
}

export function translateRule(spec: GatewayRouteRule, index: number, route: Draft): TranslatedRule {
  const draft = route.fork();
  const path = `spec.rules[${index}]`;
  const { matches, problems } = translateMatches(spec, path);
  const unresolved: Problem[] = [];
  const context = policyContext(draft);

  const invalid: Problem[] = [];
  const closing: Problem[] = [];
  const refuse = (problems: readonly Problem[]): void => {
    for (const problem of problems) (isReference(problem) ? closing : invalid).push(problem);
  };
  const filtersOf = (specs: readonly GatewayRouteFilter[], at: string): readonly Filter[] => {
    if (specs.length === 0) return [];
    const result = translateFilters(specs, at, context);
    if (isProblems(result)) {
      refuse(result);
      return [];
    }
    unresolved.push(...result.unresolved);
    return result.filters;
  };

  const own = ownLevels(spec, path, draft, (specs) => filtersOf(specs, `${path}.filters`));
  refuse(own.invalid);
  const backends: Backend[] = [];
  let resolved = 0;
  for (const [i, ref] of (spec.backendRefs ?? []).entries()) {
    const at = `${path}.backendRefs[${i}]`;
    const found = draft.resolveBackend(ref, at);
    if (found.problem === undefined) resolved++;
    else unresolved.push(found.problem);
    const ids = filtersOf(ref.filters ?? [], `${at}.filters`).map((filter) => draft.addFilter(filter));
    backends.push(backend(ref, found.cluster, ids));
  }

  const local = (spec.filters ?? []).some(({ type }) => type === 'RequestRedirect' || type === 'DirectResponse');
  const refused = invalid.length + closing.length > 0;
  const action = actionOf(refused, local, backends);
  const filters = refused ? own.filters.filter(dressesAnswers) : own.filters;
  const kept = route.fork();
  const rule: Rule = {
    index,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    matches,
    filters: filters.map((filter) => (refused ? kept : draft).addFilter(filter)),
    action,
    timeouts: translateTimeouts(spec.timeouts ?? {}),
    ...(spec.retry === undefined ? {} : { retry: translateRetry(spec.retry) }),
  };
  // What a dropped rule would use is not built, and so cannot matter to others.
  if (problems.length === 0) route.absorb(refused ? kept : draft);
  return {
    index,
    name: spec.name,
    rule: problems.length === 0 ? rule : undefined,
    invalid: [...problems, ...invalid],
    unresolved: [...closing, ...unresolved],
    closed: closing.length > 0,
    notes: [...own.notes, ...notesOf(spec, path, local)],
    levels: own.levels,
    plain: own.plain,
    backends: { total: spec.backendRefs?.length ?? 0, resolved },
  };
}

/**
 * HTTPRouteFilter: "the filter MUST NOT be skipped. Instead, requests that would have been processed by that filter MUST receive a HTTP error response."
 * ExternalAuth: "If there is any problem communicating with the external service, this filter MUST fail closed."
 */
function actionOf(refused: boolean, local: boolean, backends: readonly Backend[]): Action {
  if (refused) return { kind: 'refuse', status: 500, code: 'policy-invalid' };
  return local ? { kind: 'local' } : { kind: 'forward', backends };
}

function backend(ref: GatewayRouteBackendRef, cluster: string | null, filters: readonly string[]): Backend {
  // HTTPRoute's have no priority.
  const { weight = 1, priority = 0 } = ref as Partial<GatewayRouteBackendRef>;
  return { weight, priority, cluster, filters };
}

function notesOf(spec: GatewayRouteRule, path: string, local: boolean): readonly Problem[] {
  const notes: Problem[] = [];
  if (spec.sessionPersistence !== undefined) notes.push(ignored(`${path}.sessionPersistence`));
  const refs = spec.backendRefs ?? [];
  if (local && refs.length > 0) {
    notes.push({
      path: `${path}.backendRefs`,
      reason: 'FieldNotSupported',
      message: 'is not asked, since a filter of the rule answers; remove the filter or the backendRefs',
    });
  } else if (refs.length > 0 && refs.every(({ weight }) => weight === 0)) {
    notes.push({
      path: `${path}.backendRefs`,
      reason: 'NoWeight',
      message: 'have weight 0 all, so this rule answers 500; give one a weight',
    });
  }
  return notes;
}
