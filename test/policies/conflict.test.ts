/** A hundred policies that contradict each other: every one's status says what is in force, where, and who overrides whom. */
import { describe, expect, test } from '@jest/globals';
import { compileCheck } from '../../pkg/api/checker.ts';
import type { KubeObject } from '../../pkg/api/object.ts';
import { Findings } from '../../pkg/api/problem.ts';
import { gatewayPolicyStatus } from '../../pkg/api/status-structural.ts';
import { validateObject } from '../../pkg/api/validate.ts';
import type { PolicyOrigin } from '../../pkg/ir/policy.ts';
import { goldenOptions, storeOf } from '../../pkg/testkit/golden.ts';
import { translate } from '../../pkg/translate/translate.ts';

const GATEWAYS = 20;
const ROUTES = 16;
const POLICIES = 100;
const namespace = 'shop';
const gatewayApi = 'gateway.networking.k8s.io';

interface Status {
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly ancestors: readonly unknown[];
  readonly keys: readonly {
    readonly key: string;
    readonly state: string;
    readonly mode: string;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly targets: readonly { readonly state: string; readonly message: string }[];
  readonly affectedRoutes: number;
  readonly summary: Readonly<Record<string, string>>;
}

const random = generator(2026);
const objects = estate();
const { ir, statuses } = translate(storeOf(objects).snapshot(), goldenOptions);
const policies = statuses
  .filter(({ ref }) => ref.kind === 'GatewayPolicy')
  .map(({ ref, status }) => [`GatewayPolicy ${ref.namespace}/${ref.name}`, status as unknown as Status] as const);

/** Told by the IR, which the data plane serves: what each key of each policy came to, rule by rule. */
const served = new Map<string, Set<string>>();
for (const route of Object.values(ir.routes)) {
  for (const { policies: id } of route.rules) {
    for (const { from, key, state } of id === undefined ? [] : (ir.policies[id] as readonly PolicyOrigin[])) {
      const states = served.get(`${from} ${key}`) ?? new Set();
      served.set(`${from} ${key}`, states.add(state));
    }
  }
}

test('there are as many as promised, and they do contradict each other', () => {
  expect(policies).toHaveLength(POLICIES);
  const states = new Set(policies.flatMap(([, { keys }]) => keys.map(({ state }) => state)));
  for (const state of ['Enforced', 'PartiallyEnforced', 'Overridden', 'Shadow', 'Disabled', 'FailedClosed', 'LeftOut'])
    expect([...states]).toContain(state);
  const reasons = new Set(policies.flatMap(([, { keys }]) => keys.map(({ reason }) => reason)));
  for (const reason of ['Conflicted', 'OverriddenAbove', 'OverriddenBelow', 'Stacked'])
    expect([...reasons]).toContain(reason);
});

describe.each(policies)('%s', (name, status) => {
  test('has a status that the API server takes', () => {
    const findings = new Findings();
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const stamped = {
      ...status,
      conditions: status.conditions.map((condition) => ({ ...condition, lastTransitionTime })),
      ancestors: status.ancestors.map((ancestor) => ({
        ...(ancestor as object),
        conditions: (ancestor as Status).conditions.map((condition) => ({ ...condition, lastTransitionTime })),
      })),
    };
    compileCheck(gatewayPolicyStatus, { nullIsAbsent: false })(structuredClone(stamped), findings);
    expect(findings.problems).toEqual([]);
  });

  test('says of each key what the data plane does', () => {
    for (const { key, state, reason, message, mode } of status.keys) {
      const states = served.get(`${name} ${key}`) ?? new Set<string>();
      expect(statesFor(states)).toContain(state);
      expect(modesFor(state)).toContain(mode);
      expect(reason).not.toBe('');
      // Whoever is overridden learns where, and by whom.
      const told = states.has('Overridden') && !isBroken(state);
      expect([told && !OVERRIDDEN.test(message), message]).toEqual([false, message]);
      expect([isBroken(state) && !message.includes(`spec.policies.${key}`), message]).toEqual([false, message]);
    }
  });

  test('has conditions and a summary that agree with its keys', () => {
    const byType = new Map(status.conditions.map((condition) => [condition.type, condition]));
    const enforced = byType.get('Enforced');
    const states = status.keys.filter(({ state }) => state !== 'Disabled').map(({ state }) => state);
    const wanted = states.includes('FailedClosed')
      ? 'FailedClosed'
      : states.length > 0 && states.every((state) => state === 'Unused')
        ? 'NoRoutes'
        : states.length > 0 && states.every((state) => state === 'Overridden')
          ? 'Overridden'
          : states.some((state) => ['PartiallyEnforced', 'Overridden', 'LeftOut'].includes(state))
            ? 'PartiallyEnforced'
            : states.length > 0 && states.every((state) => state === 'Shadow')
              ? 'ShadowMode'
              : 'Enforced';
    expect(enforced?.reason).toBe(wanted);
    expect(status.summary['enforced']).toBe(wanted === 'PartiallyEnforced' ? 'Partially' : enforced?.status);
    expect(status.summary['keys']).toBe(status.keys.map(({ key }) => key).join(','));
    expect(status.ancestors.length).toBeLessThanOrEqual(16);
    expect(status.affectedRoutes > 0 && status.ancestors.length === 0).toBe(false);
    for (const { message } of [...status.conditions, ...status.keys, ...status.targets])
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
  });
});

test('more Gateways than ancestors can name say themselves that they are affected', () => {
  const many = policies.filter(([, { conditions }]) => conditions.some(({ type }) => type === 'AncestorLimitReached'));
  expect(many.length).toBeGreaterThan(0);
  for (const [name, { ancestors }] of many) {
    expect(ancestors).toHaveLength(16);
    const told = statuses.filter(
      ({ ref, status }) =>
        ref.kind === 'Gateway' &&
        (status as unknown as Status).conditions.some(
          ({ type, message }) => type === 'gateway.suuupra.io/GatewayPolicyAffected' && message.includes(name),
        ),
    );
    expect(told.length).toBeGreaterThan(0);
  }
});

const OVERRIDDEN =
  /rule \S+ of \w+ shop\/\S+ \((?:replaced by|mode: Disabled in) (?:GatewayPolicy|HTTPRoute|GatewayRoute) /;

function isBroken(state: string): boolean {
  return state === 'FailedClosed' || state === 'LeftOut';
}

/** What a status may call a key, by what it came to at the rules that the IR serves. */
function statesFor(states: ReadonlySet<string>): readonly string[] {
  const acting = [...states].filter((state) => state !== 'Overridden');
  const [one = ''] = acting;
  // One mode, one configuration: it cannot act in two ways.
  if (acting.length > 1) return [];
  if (states.size === 0) return ['Unused', 'FailedClosed', 'LeftOut'];
  if (acting.length === 0) return ['Overridden'];
  return isBroken(one) || !states.has('Overridden') ? [one] : ['PartiallyEnforced'];
}

function modesFor(state: string): readonly string[] {
  if (state === 'Enforced' || state === 'FailedClosed') return ['Enforce'];
  return state === 'Shadow' || state === 'Disabled' ? [state] : ['Enforce', 'Shadow', 'Disabled'];
}

function estate(): readonly KubeObject[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const gateways = Array.from({ length: GATEWAYS }, (_, i) =>
    object(`${gatewayApi}/v1`, 'Gateway', `g${i}`, {
      gatewayClassName: 's',
      listeners: [
        { name: 'a', port: 1000 + i, protocol: 'HTTP' },
        { name: 'b', port: 2000 + i, protocol: 'HTTP' },
      ],
    }),
  );
  const routes = Array.from({ length: ROUTES }, (_, i) =>
    object(`${gatewayApi}/v1`, 'HTTPRoute', `r${i}`, {
      // The first is on every Gateway: a policy of it has more ancestors than a status may name.
      parentRefs: i === 0 ? gateways.map(({ metadata }) => ({ name: metadata.name })) : [{ name: `g${i}` }],
      rules: ['one', 'two', 'three'].map((name) => ({
        name,
        matches: [{ path: { type: 'PathPrefix', value: `/${name}` } }],
      })),
    }),
  );
  const blocks: Readonly<Record<string, () => object>> = {
    cors: () => ({ allowOrigins: [random() < 0.1 ? 'no origin' : `https://${Math.floor(random() * 1e6)}.test`] }),
    responseHeaders: () => ({ set: [{ name: 'x-from', value: String(random()) }] }),
    ipAccess: () => ({ deny: [`10.${Math.floor(random() * 255)}.0.0/16`] }),
    authentication: () => ({
      methods: [
        {
          name: 'corp',
          type: 'JWT',
          jwt: { algorithms: ['HS256'], sharedSecret: { name: random() < 0.15 ? 'absent' : 'jwt', key: 'secret' } },
        },
      ],
    }),
  };
  const target = (overrides: boolean): object => {
    const section = random() < 0.4;
    if (overrides || random() < 0.4)
      return {
        group: gatewayApi,
        kind: 'Gateway',
        name: `g${pick([1, 2, 3, 4, 5])}`,
        ...(section && { sectionName: pick(['a', 'b']) }),
      };
    const name = `r${Math.floor(random() * ROUTES)}`;
    return { group: gatewayApi, kind: 'HTTPRoute', name, ...(section && { sectionName: pick(['one', 'two']) }) };
  };
  const made = Array.from({ length: POLICIES }, (_, i) => {
    const overrides = random() < 0.1;
    const keys = Object.keys(blocks).filter(() => random() < 0.5);
    const entries = (keys.length === 0 ? ['cors'] : keys).map((key) => {
      const mode = pick(['Enforce', 'Enforce', 'Enforce', 'Shadow', 'Disabled']);
      return [key, mode === 'Disabled' ? { mode } : { mode, ...blocks[key]!() }];
    });
    return object('gateway.suuupra.io/v1alpha1', 'GatewayPolicy', `p${i}`, {
      strategy: overrides ? 'Overrides' : 'Defaults',
      targetRefs: Array.from({ length: 1 + Math.floor(random() * 2) }, () => target(overrides)),
      policies: Object.fromEntries(entries),
    });
  });
  return [
    object(`${gatewayApi}/v1`, 'GatewayClass', 's', { controllerName: 'gateway.suuupra.io/controller' }, ''),
    valid({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'jwt', namespace },
      stringData: { secret: 'x'.repeat(40) },
    }),
    ...gateways,
    ...routes,
    ...made,
  ];
}

function object(apiVersion: string, kind: string, name: string, spec: object, within = namespace): KubeObject {
  return valid({ apiVersion, kind, metadata: { name, ...(within !== '' && { namespace: within }) }, spec });
}

function valid(raw: object): KubeObject {
  const result = validateObject(raw);
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return result.object;
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
