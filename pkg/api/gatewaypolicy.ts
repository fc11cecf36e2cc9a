/** GatewayPolicy: a policy that is inherited (GEP-713): from a Gateway by its listeners, from those by routes, from those by rules. */
import { Type } from 'typebox';
import type { KubeObject } from './object.ts';
import { type Policies, policiesSchema } from './policies.ts';
import type { FieldProblem } from './problem.ts';
import { celRules, choice, list, objectName, text, textMap, type ValueOf } from './schema.ts';

/** Group of each kind that may be a target. */
export const TARGET_GROUPS = {
  Gateway: 'gateway.networking.k8s.io',
  ListenerSet: 'gateway.networking.k8s.io',
  HTTPRoute: 'gateway.networking.k8s.io',
  GatewayRoute: 'gateway.suuupra.io',
  Ingress: 'networking.k8s.io',
} as const;

export type TargetKind = keyof typeof TARGET_GROUPS;
const TARGET_KINDS = Object.keys(TARGET_GROUPS) as readonly TargetKind[];

const groups = Object.entries(TARGET_GROUPS)
  .map(([kind, group]) => `(self.kind == '${kind}' && self.group == '${group}')`)
  .join(' || ');
const groupRule = { rule: groups, message: 'group does not have that kind' };

const groupSchema = text(253, 'API group of the target.');
const kindSchema = choice(TARGET_KINDS, 'Kind of the target.');

const targetRefSchema = Type.Object(
  {
    group: groupSchema,
    kind: kindSchema,
    name: objectName('Name of the target, in the namespace of the policy.'),
    sectionName: Type.Optional(text(253, 'Listener of a Gateway or ListenerSet, or rule of a route, by its name.')),
  },
  celRules(groupRule, {
    rule: "self.kind != 'Ingress' || !has(self.sectionName)",
    message: 'an Ingress has no sections; remove sectionName',
  }),
);

const targetSelectorSchema = Type.Object(
  {
    group: groupSchema,
    kind: kindSchema,
    matchLabels: textMap(63, 'Labels that the target has, all of them.'),
  },
  celRules(groupRule),
);

export const gatewayPolicySpecSchema = Type.Object(
  {
    targetRefs: Type.Optional(list(targetRefSchema, 16, 'What the policy is for, by name.')),
    targetSelectors: Type.Optional(list(targetSelectorSchema, 8, 'What the policy is for, by labels.')),
    strategy: choice(
      ['Defaults', 'Overrides'],
      'Defaults hold where nothing nearer to the request says otherwise; Overrides hold whatever is said below.',
      { default: 'Defaults' },
    ),
    policies: policiesSchema,
  },
  {
    description: 'What is done, and for which targets. Without targets it is used by ExtensionRef filters only.',
    ...celRules(
      {
        rule: "self.strategy == 'Defaults' || ((!has(self.targetRefs) || self.targetRefs.all(t, t.kind in ['Gateway', 'ListenerSet'])) && (!has(self.targetSelectors) || self.targetSelectors.all(t, t.kind in ['Gateway', 'ListenerSet'])))",
        message: 'Overrides may target Gateways and ListenerSets only',
      },
      {
        rule: "!has(self.policies.client) || ((!has(self.targetRefs) || self.targetRefs.all(t, t.kind in ['Gateway', 'ListenerSet'])) && (!has(self.targetSelectors) || self.targetSelectors.all(t, t.kind in ['Gateway', 'ListenerSet'])))",
        message: 'client is for Gateways and ListenerSets only',
      },
    ),
  },
);

export type GatewayPolicySpec = Omit<ValueOf<typeof gatewayPolicySpecSchema>, 'policies'> & {
  readonly policies: Policies;
};

export interface GatewayPolicy extends KubeObject {
  readonly kind: 'GatewayPolicy';
  readonly spec: GatewayPolicySpec;
  /** Why it cannot be read; then `policies` is empty, whatever was written, and the policy closes what it is for. See `stand-in.ts`. */
  readonly unread?: readonly FieldProblem[];
}
