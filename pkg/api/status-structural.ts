/** Structural schemas of the status of our own kinds: what `kubectl describe` shows, and what the printer columns read. */
import type { StructuralSchema } from './structural.ts';

type Properties = Readonly<Record<string, StructuralSchema>>;

function text(maxLength: number, description: string, more: Partial<StructuralSchema> = {}): StructuralSchema {
  return { type: 'string', maxLength, description, ...more };
}

function object(description: string, properties: Properties, required: readonly string[] = []): StructuralSchema {
  return { description, type: 'object', ...(required.length > 0 && { required }), properties };
}

function mapList(description: string, maxItems: number, key: string, items: StructuralSchema): StructuralSchema {
  return {
    description,
    type: 'array',
    maxItems,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [key],
    items,
  };
}

const observedGeneration: StructuralSchema = {
  description: 'metadata.generation that this status is about.',
  type: 'integer',
  format: 'int64',
  minimum: 0,
};

const conditions = mapList(
  'What is true of the object; kubectl wait reads it.',
  8,
  'type',
  object(
    'One aspect of the state.',
    {
      type: text(316, 'Name of the aspect.'),
      status: { type: 'string', enum: ['True', 'False', 'Unknown'], description: 'Whether it holds.' },
      reason: text(1024, 'Why, in one word.', { minLength: 1, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' }),
      message: text(32_768, 'Why, in a sentence.'),
      observedGeneration,
      lastTransitionTime: {
        type: 'string',
        format: 'date-time',
        description: 'When status changed.',
      },
    },
    ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
  ),
);

function summary(names: readonly string[]): StructuralSchema {
  const properties = Object.fromEntries(names.map((name) => [name, text(1024, 'For a column of kubectl get.')]));
  return object('One scalar for each column: a column cannot read a list.', properties);
}

const parentRef = object(
  'The parentRef of the spec.',
  {
    group: text(253, 'API group.'),
    kind: text(63, 'Kind.'),
    namespace: text(63, 'Namespace.'),
    name: text(253, 'Name.'),
    sectionName: text(253, 'Listener.'),
    port: { type: 'integer', format: 'int32', minimum: 1, maximum: 65535, description: 'Port.' },
  },
  ['name'],
);

const RULE_STATES = ['Programmed', 'Degraded', 'Dropped', 'Pending'] as const;

export const gatewayRouteStatus = object('What became of the route.', {
  observedGeneration,
  conditions,
  parents: {
    description: 'For each parent, as in HTTPRoute.',
    type: 'array',
    maxItems: 32,
    'x-kubernetes-list-type': 'atomic',
    items: object(
      'What became of the route at one parent.',
      { parentRef, controllerName: text(253, 'Who writes this entry.'), conditions },
      ['parentRef', 'controllerName'],
    ),
  },
  rules: mapList(
    'What became of each rule.',
    64,
    'index',
    object(
      'One rule.',
      {
        index: { type: 'integer', format: 'int32', minimum: 0, maximum: 63, description: 'Index in spec.rules.' },
        name: text(253, 'Name of the rule, if it has one.'),
        state: { type: 'string', enum: RULE_STATES, description: 'The worst over all parents.' },
        reason: text(256, 'Why, in one word.'),
        message: text(1024, 'Why, in a sentence.'),
      },
      ['index', 'state'],
    ),
  ),
  summary: summary(['accepted', 'parents', 'programmed', 'rules', 'reason']),
});

const KEY_STATES = [
  'Enforced',
  'PartiallyEnforced',
  'Overridden',
  'Shadow',
  'Disabled',
  'FailedClosed',
  'LeftOut',
  'Unused',
] as const;

const targetFacts = {
  group: text(253, 'API group.'),
  kind: text(63, 'Kind.'),
  name: text(253, 'Name; absent for a selector.'),
  sectionName: text(253, 'Listener or rule.'),
};

const policyKeys = mapList(
  'What is in force of each key, and by whom it is overridden.',
  32,
  'key',
  object(
    'One key.',
    {
      key: text(63, 'Name of the key.'),
      state: { type: 'string', enum: KEY_STATES, description: 'The worst over all rules it is for.' },
      mode: { type: 'string', enum: ['Enforce', 'Shadow', 'Disabled'], description: 'As in the spec.' },
      reason: text(256, 'Why, in one word.'),
      message: text(1024, 'Why, in a sentence.'),
    },
    ['key', 'state'],
  ),
);

export const gatewayPolicyStatus = object('What became of the policy.', {
  observedGeneration,
  conditions,
  ancestors: {
    description: 'For each Gateway that serves what the policy is for, as in GEP-713.',
    type: 'array',
    maxItems: 16,
    'x-kubernetes-list-type': 'atomic',
    items: object(
      'What became of the policy at one Gateway.',
      { ancestorRef: parentRef, controllerName: text(253, 'Who writes this entry.'), conditions },
      ['ancestorRef', 'controllerName'],
    ),
  },
  keys: policyKeys,
  targets: {
    description: 'For each targetRef and targetSelector.',
    type: 'array',
    maxItems: 24,
    'x-kubernetes-list-type': 'atomic',
    items: object(
      'What became of the policy at one target.',
      {
        ...targetFacts,
        state: { type: 'string', enum: ['Attached', 'NotFound', 'Refused'], description: 'Whether it is attached.' },
        reason: text(256, 'Why, in one word.'),
        message: text(1024, 'Why, in a sentence.'),
        routes: { type: 'integer', format: 'int32', minimum: 0, description: 'Routes that the policy reaches here.' },
      },
      ['kind', 'state'],
    ),
  },
  affectedRoutes: { type: 'integer', format: 'int32', minimum: 0, description: 'Routes that the policy reaches.' },
  summary: summary(['targets', 'keys', 'mode', 'accepted', 'enforced', 'reason']),
});

export const backendStatus = object('What became of the Backend.', {
  observedGeneration,
  conditions,
  health: {
    type: 'string',
    enum: ['Healthy', 'Degraded', 'Unavailable', 'Unknown'],
    description: 'Whether its endpoints answer.',
  },
  summary: summary(['accepted', 'address', 'type']),
});

export const gatewayClassConfigStatus = object('What became of the settings.', {
  observedGeneration,
  conditions,
  usedBy: {
    description: 'Kind/name of the classes that refer to this object.',
    type: 'array',
    maxItems: 64,
    'x-kubernetes-list-type': 'set',
    items: text(320, 'Kind/name.'),
  },
  keys: policyKeys,
  summary: summary(['accepted', 'usedBy']),
});

export const apiKeyStatus = object('What became of the keys.', {
  observedGeneration,
  conditions,
  activeKeys: {
    description: 'Ids of the keys that are accepted now.',
    type: 'array',
    maxItems: 4,
    'x-kubernetes-list-type': 'set',
    items: text(32, 'Id.'),
  },
  nextExpiry: text(20, 'When the next of them expires; absent if none does.'),
  summary: summary(['active']),
});
