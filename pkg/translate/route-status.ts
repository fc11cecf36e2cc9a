/** Statuses of routes: one entry per parentRef for both kinds; for a GatewayRoute also the worst over its parents, per rule. */
import type { GatewayRoute } from '../api/gatewayroute.ts';
import type { HTTPRoute } from '../api/httproute.ts';
import { refOf } from '../api/object.ts';
import type { Problem } from '../status/problem.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import type { Parent } from './attach.ts';
import { Conditions, summarise } from './condition.ts';
import { gatewayRouteStatus } from './gatewayroute-status.ts';
import { ControllerName } from './names.ts';
import type { AttachedPolicy } from './policy-level.ts';
import { affectedCondition, faultsOf, lacksOf } from './policy-notes.ts';
import type { PolicyUse } from './policy-use.ts';
import type { TranslatedRule } from './rule.ts';
import { acceptedReason, droppedText, isAccepted, ruleName, text } from './rule-text.ts';
import type { World } from './world.ts';

/** What policies do to the route. */
export interface RoutePolicies {
  readonly world: World;
  /** Attached to the route itself. */
  readonly policies: readonly AttachedPolicy[];
  readonly uses: readonly PolicyUse[];
}

export function routeStatus(
  route: HTTPRoute | GatewayRoute,
  parents: readonly Parent[],
  rules: readonly TranslatedRule[],
  { world, policies, uses }: RoutePolicies,
): ObjectStatus {
  const { generation } = route.metadata;
  const conditions = new Conditions(generation);
  const notes = unclaimed(route, parents);
  const entries = parents.map((parent) => ({
    // "status.parents[].parentRef" is compared with the spec's: nothing is added that the API server did not.
    parentRef: parent.ref,
    controllerName: ControllerName,
    conditions: [...parentConditions(parent, rules, notes, conditions), ...affected(parent, policies, conditions)],
  }));
  return {
    ref: refOf(route),
    generation,
    status:
      route.kind === 'HTTPRoute' ? { parents: entries } : gatewayRouteStatus(route, parents, rules, { entries, uses }),
    problems: [
      ...parents.flatMap(({ refusal, index }) =>
        refusal === undefined ? [] : [{ path: `spec.parentRefs[${index}]`, ...refusal }],
      ),
      ...missingParents(route, world),
      ...rules.flatMap(({ invalid, unresolved, notes }) => [...invalid, ...unresolved, ...notes]),
      ...faultsOf(uses),
      ...lacksOf(uses),
      ...notes,
    ],
  };
}

function parentConditions(
  parent: Parent,
  rules: readonly TranslatedRule[],
  notes: readonly Problem[],
  conditions: Conditions,
): readonly Condition[] {
  const unresolved = rules.flatMap((rule) => rule.unresolved);
  const [firstUnresolved] = unresolved;
  const result = [
    acceptedCondition(parent, rules, notes, conditions),
    firstUnresolved === undefined
      ? conditions.yes('ResolvedRefs', 'every reference is resolved')
      : conditions.no(
          'ResolvedRefs',
          firstUnresolved.reason,
          [summarise(unresolved.map(text)), ...closedText(rules)].join('; '),
        ),
  ];
  const dropped = rules.filter(({ invalid }) => invalid.length > 0);
  if (parent.refusal === undefined && dropped.length > 0 && dropped.length < rules.length) {
    // "the message for this condition must start with the prefix "Dropped Rule"" (RouteConditionPartiallyInvalid)
    result.push(conditions.yes('PartiallyInvalid', summarise(dropped.map(droppedText)), 'UnsupportedValue'));
  }
  return result;
}

function closedText(rules: readonly TranslatedRule[]): readonly string[] {
  const names = rules.filter(({ closed }) => closed).map(ruleName);
  if (names.length === 0) return [];
  const some = names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  return [
    `${names.length === 1 ? 'rule' : 'rules'} ${some} ${names.length === 1 ? 'answers' : 'answer'} 500 until then`,
  ];
}

/** GEP-713: the target of a policy says that it is affected. Only what is named: 10,000 routes that inherit it are not written for that. */
function affected(
  { refusal }: Parent,
  policies: readonly AttachedPolicy[],
  conditions: Conditions,
): readonly Condition[] {
  return refusal === undefined ? affectedCondition(policies, conditions) : [];
}

function acceptedCondition(
  { refusal, attached }: Parent,
  rules: readonly TranslatedRule[],
  routeNotes: readonly Problem[],
  conditions: Conditions,
): Condition {
  if (refusal !== undefined) return conditions.no('Accepted', refusal.reason, refusal.message);
  if (!isAccepted(rules)) {
    const invalid = rules.flatMap((rule) => rule.invalid);
    return conditions.no('Accepted', acceptedReason(invalid), summarise(rules.map(droppedText)));
  }
  const names = attached.map(({ listener }) => listener.name);
  const notes = [...rules.flatMap((rule) => rule.notes), ...routeNotes].map(text);
  const attachedTo = `attached to ${names.length === 1 ? 'listener' : 'listeners'} ${names.join(', ')}`;
  const faults = attached.map(({ listener }) => listener).filter(({ fault }) => fault !== '');
  const notServed = faults.map(({ name, fault }) => `listener ${name} is not served (${fault})`);
  return conditions.yes('Accepted', [attachedTo, ...notServed, ...notes].join('; '));
}

/** A Gateway or ListenerSet that does not exist is nobody's, so we may say so; one of a foreign class is not ours to speak of. */
function missingParents({ spec, metadata }: HTTPRoute | GatewayRoute, world: World): readonly Problem[] {
  return (spec.parentRefs ?? []).flatMap(({ kind, name, namespace = metadata.namespace }, i) => {
    if (kind !== 'Gateway' && kind !== 'ListenerSet') return [];
    if (kind === 'Gateway' && world.gateway(namespace, name) !== undefined) return [];
    if (world.get(kind, namespace, name) !== undefined) return [];
    const message = `${kind} ${namespace}/${name} not found; create it or correct name and namespace`;
    return [{ path: `spec.parentRefs[${i}]`, reason: 'NoMatchingParent', message }];
  });
}

/** No default Gateway claims it: nobody else can say so. */
function unclaimed({ spec }: HTTPRoute | GatewayRoute, parents: readonly Parent[]): readonly Problem[] {
  if (spec.useDefaultGateways !== 'All' || parents.some(({ index }) => index < 0)) return [];
  const message = 'no Gateway with defaultScope: All takes this route; name a Gateway in spec.parentRefs';
  return [{ path: 'spec.useDefaultGateways', reason: 'NoMatchingParent', message }];
}
