/** Processor: GatewayPolicies. Builds each once, and says what is attached where. Runs behind Gateways and the defaults of classes, before routes. */
import type { GatewayPolicy, TargetKind } from '../api/gatewaypolicy.ts';
import type { KubeObject } from '../api/object.ts';
import { matchesSelector } from '../api/selector.ts';
import type { Problem } from '../status/problem.ts';
import { createdOf } from './age.ts';
import type { Context } from './context.ts';
import { type Draft, mergeOutputs } from './draft.ts';
import { type Built, keepLastGood } from './last-good.ts';
import { compileKeys, type Level, Rank } from './policy-level.ts';

/** A GatewayPolicy, and what it found of its targets: what its status is made of. */
export interface PolicyState {
  readonly policy: GatewayPolicy;
  readonly level: Level;
  /** For each targetRef and then each selector, the objects found. */
  readonly targets: readonly FoundTarget[];
  /** ms since the epoch until which a key whose reference is gone keeps its last good value; 0: none is kept. */
  readonly keptUntil: number;
}

export interface FoundTarget {
  readonly group: string;
  readonly kind: TargetKind;
  /** Absent for a selector. */
  readonly name?: string;
  readonly sectionName?: string;
  /** Names, in the namespace of the policy. */
  readonly found: readonly string[];
  /** Why nothing is attached, in a sentence; `''` if something is. */
  readonly fault: string;
}

const targetRank = {
  Gateway: [Rank.Gateway, Rank.Listener, Rank.OverridesGateway, Rank.OverridesListener],
  ListenerSet: [Rank.Listener, Rank.SetListener, Rank.OverridesListener, Rank.OverridesSetListener],
  HTTPRoute: [Rank.Route, Rank.Rule, Rank.Route, Rank.Rule],
  GatewayRoute: [Rank.Route, Rank.Rule, Rank.Route, Rank.Rule],
  Ingress: [Rank.Route, Rank.Route, Rank.Route, Rank.Route],
} as const satisfies Record<TargetKind, readonly [whole: number, section: number, ...overrides: number[]]>;

export function translatePolicies(context: Context): readonly PolicyState[] {
  return context.list('GatewayPolicy').map((policy) => {
    const { namespace, name, uid, generation } = policy.metadata;
    const built = context.translate(policy, (draft) => build(policy, draft));
    const owner = { edition: `${uid} ${generation}`, shared: isShared(policy) };
    const { level, outputs, until } = keepLastGood(owner, built, context.memo.lastGood, context.options.now);
    if (outputs !== built.outputs) mergeOutputs(context.outputs, outputs);
    context.policyIndex.add(namespace, name, level);
    const targets = findTargets(policy, context);
    for (const [target, { kind, sectionName, found }] of targets.entries()) {
      const [whole, section, overWhole, overSection] = targetRank[kind];
      const rank = level.overrides
        ? sectionName === undefined
          ? overWhole
          : overSection
        : sectionName === undefined
          ? whole
          : section;
      const attached = context.memo.attached({ level, sectionName, rank, target });
      for (const each of found) context.policyIndex.attach(kind, namespace, each, attached);
    }
    return { policy, level, targets, keptUntil: until };
  });
}

function build(policy: GatewayPolicy, draft: Draft): Built {
  const { namespace, name } = policy.metadata;
  const level: Level = {
    from: `GatewayPolicy ${namespace}/${name}`,
    created: createdOf(policy),
    name: `${namespace}/${name}`,
    overrides: policy.spec.strategy === 'Overrides',
    keys: compileKeys(policy.spec.policies, 'spec.policies', draft),
    unread: (policy.unread ?? []).map(
      ({ path, message, hint }): Problem => ({
        path,
        reason: 'Invalid',
        message: hint === '' ? message : `${message}; ${hint}`,
      }),
    ),
  };
  return { level, outputs: draft.outputs };
}

function isShared({ spec }: GatewayPolicy): boolean {
  const targets = [...(spec.targetRefs ?? []), ...(spec.targetSelectors ?? [])];
  return targets.some(({ kind }) => kind === 'Gateway' || kind === 'ListenerSet');
}

function findTargets({ spec, metadata }: GatewayPolicy, context: Context): readonly FoundTarget[] {
  const { namespace } = metadata;
  const refs = (spec.targetRefs ?? []).map(({ group, kind, name, sectionName }): FoundTarget => {
    const target = context.get(kind, namespace, name);
    const fault =
      target === undefined
        ? `${kind} ${namespace}/${name} not found; create it or correct the name`
        : sectionFault(target, sectionName, context);
    const found = fault === '' ? [name] : [];
    return { group, kind, name, ...(sectionName !== undefined && { sectionName }), found, fault };
  });
  const selectors = (spec.targetSelectors ?? []).map(({ group, kind, matchLabels }): FoundTarget => {
    const found = (context.list(kind) as readonly KubeObject[])
      .filter((o) => o.metadata.namespace === namespace && matchesSelector({ matchLabels }, o.metadata.labels))
      .map((o) => o.metadata.name);
    const labels = Object.entries(matchLabels).map(([label, value]) => `${label}=${value}`);
    const fault = found.length > 0 ? '' : `no ${kind} of namespace ${namespace} has the labels ${labels.join(', ')}`;
    return { group, kind, found, fault };
  });
  return [...refs, ...selectors];
}

/** A policy for a listener or rule that is not there protects nothing, and must say so. */
function sectionFault(target: KubeObject, sectionName: string | undefined, context: Context): string {
  const { kind } = target;
  const { namespace, name } = target.metadata;
  const ours =
    (kind !== 'Gateway' || context.gateway(namespace, name) !== undefined) &&
    (kind !== 'ListenerSet' || context.listenerSet(namespace, name) !== undefined);
  if (!ours) return `${kind} ${namespace}/${name} is not of a class of ours`;
  if (sectionName === undefined) return '';
  const { spec } = target as KubeObject & {
    readonly spec: {
      readonly listeners?: readonly { readonly name: string }[];
      readonly rules?: readonly { readonly name?: string }[];
    };
  };
  const sections = (spec.listeners ?? spec.rules ?? []).flatMap((section) => section.name ?? []);
  if (sections.includes(sectionName)) return '';
  const what = spec.listeners === undefined ? 'rule' : 'listener';
  const has = sections.length === 0 ? `no named ${what}s` : sections.join(', ');
  return `${kind} ${namespace}/${name} has no ${what} ${sectionName}, but ${has}; correct sectionName`;
}
