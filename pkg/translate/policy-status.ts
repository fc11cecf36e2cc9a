/** The status of a GatewayPolicy: what is in force, where, and who overrides whom. GEP-713, and `api-shapes.md`. */
import { GATEWAY_API_GROUP } from '../api/kinds.ts';
import { refOf } from '../api/object.ts';
import type { Problem } from '../status/problem.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import { compareText } from './age.ts';
import { Conditions, limit, summarise } from './condition.ts';
import { ControllerName } from './names.ts';
import type { FoundTarget, PolicyState } from './policy.ts';
import { enforcedCondition, invalidProblems, isPartial, keyProblems, resolvedCondition } from './policy-conditions.ts';
import { type KeyStatus, keyStatus } from './policy-key-status.ts';
import type { Tally } from './policy-tally.ts';
import { text } from './rule-text.ts';

/** PolicyStatus.ancestors takes no more. */
export const MaxAncestors = 16;

/** @param gateways `namespace/name` of all Gateways that the policy reaches, sorted */
export function policyStatus(state: PolicyState, tally: Tally | undefined, gateways: readonly string[]): ObjectStatus {
  const { policy, level, targets } = state;
  const { generation } = policy.metadata;
  const conditions = new Conditions(generation);
  const keys = level.keys.map((key) => keyStatus(key, tally?.keys.get(key.key), state.keptUntil));
  const accepted = acceptedCondition(state, keys, conditions);
  const resolved = resolvedCondition(state, conditions);
  const enforced = enforcedCondition(level.unread, keys, conditions);
  const more = gateways.length - MaxAncestors;
  return {
    ref: refOf(policy),
    generation,
    status: {
      observedGeneration: generation,
      conditions: [
        accepted,
        resolved,
        enforced,
        ...(more <= 0
          ? []
          : [
              conditions.yes(
                'AncestorLimitReached',
                `${more} more Gateways than ancestors can name are affected; each says so in its own status`,
              ),
            ]),
      ],
      ancestors: gateways.slice(0, MaxAncestors).map((id) => ancestor(id, accepted)),
      keys,
      targets: targets.map((target, i) => targetStatus(target, tally?.targets.get(i))),
      affectedRoutes: tally?.routes ?? 0,
      summary: summaryOf(state, keys, accepted, enforced),
    },
    problems: [...problemsOf(state), ...told(keys)],
  };
}

function ancestor(id: string, accepted: Condition): object {
  const [namespace, name] = id.split('/');
  return {
    ancestorRef: { group: GATEWAY_API_GROUP, kind: 'Gateway', namespace, name },
    controllerName: ControllerName,
    conditions: [accepted],
  };
}

function acceptedCondition(
  { level, targets }: PolicyState,
  keys: readonly KeyStatus[],
  conditions: Conditions,
): Condition {
  const invalid = invalidProblems(level);
  if (invalid.length > 0) return conditions.no('Accepted', 'Invalid', summarise(invalid.map(text)));
  if (targets.length === 0) return conditions.yes('Accepted', 'without targets: used by ExtensionRef filters only');
  const faults = targets.filter(({ fault }) => fault !== '');
  if (faults.length === targets.length)
    return conditions.no('Accepted', 'TargetNotFound', summarise(faults.map(({ fault }) => fault)));
  if (keys.length > 0 && keys.every(({ reason }) => reason === 'Conflicted'))
    return conditions.no('Accepted', 'Conflicted', summarise(keys.map(({ key, message }) => `${key}: ${message}`)));
  const attached = `attached to ${targets.length - faults.length} of ${targets.length} targets`;
  return conditions.yes('Accepted', summarise([attached, ...faults.map(({ fault }) => fault)]));
}

function summaryOf(
  { targets }: PolicyState,
  keys: readonly KeyStatus[],
  accepted: Condition,
  enforced: Condition,
): object {
  const modes = [...new Set(keys.map(({ mode }) => mode))];
  const named = targets.map(({ kind, name }) => (name === undefined ? `${kind} by labels` : `${kind}/${name}`));
  const partly = enforced.reason === 'PartiallyEnforced' ? 'Partially' : enforced.status;
  const reason =
    accepted.status === 'False' ? accepted.reason : enforced.status === 'True' ? undefined : enforced.reason;
  return {
    targets: limit(named.join(',')),
    keys: limit(keys.map(({ key }) => key).join(',')),
    mode: modes.length === 1 ? modes[0] : modes.length === 0 ? '' : 'Mixed',
    accepted: accepted.status,
    enforced: partly,
    ...(reason !== undefined && {
      // In a column: what makes it partial.
      reason: reason === 'PartiallyEnforced' ? (keys.find(isPartial)?.reason ?? reason) : reason,
    }),
  };
}

function problemsOf({ policy, level, targets, keptUntil }: PolicyState): readonly Problem[] {
  const refs = policy.spec.targetRefs?.length ?? 0;
  const missing = targets.flatMap(({ fault }, i): readonly Problem[] => {
    if (fault === '') return [];
    const path = i < refs ? `spec.targetRefs[${i}]` : `spec.targetSelectors[${i - refs}]`;
    return [{ path, reason: 'TargetNotFound', message: fault }];
  });
  return [...keyProblems({ level, keptUntil }, 'spec.policies'), ...missing];
}

/** Somebody else's word counts: not the author's mistake, but what he has to know. */
function told(keys: readonly KeyStatus[]): readonly Problem[] {
  return keys
    .filter(({ reason }) => reason === 'Conflicted' || reason === 'OverriddenAbove')
    .map(({ key, reason, message }) => ({ path: `spec.policies.${key}`, reason, message }));
}

/** A route that several targets find counts at each of them; `affectedRoutes` has it once. */
function targetStatus(
  { group, kind, name, sectionName, found, fault }: FoundTarget,
  { routes, rules } = { routes: 0, rules: 0 },
): object {
  const none = kind === 'Gateway' || kind === 'ListenerSet' ? 'no route is attached to it' : 'no rule is served';
  const reaches = rules === 0 ? none : rules === 1 ? '1 rule' : `${rules} rules`;
  const objects = found.length === 1 ? '1 object' : `${found.length} objects`;
  return {
    group,
    kind,
    ...(name !== undefined && { name }),
    ...(sectionName !== undefined && { sectionName }),
    state: fault === '' ? 'Attached' : 'NotFound',
    reason: fault === '' ? 'Attached' : 'TargetNotFound',
    message: limit(fault !== '' ? fault : name === undefined ? `${objects}, ${reaches}` : reaches),
    routes,
  };
}

export function sortedGateways(state: PolicyState, tally: Tally | undefined): readonly string[] {
  const { namespace } = state.policy.metadata;
  const direct = state.targets.flatMap(({ kind, found }) =>
    kind === 'Gateway' ? found.map((name) => `${namespace}/${name}`) : [],
  );
  return [...new Set([...direct, ...(tally?.gateways ?? [])])]
    .filter((id) => !id.startsWith('Ingress/'))
    .sort(compareText);
}
