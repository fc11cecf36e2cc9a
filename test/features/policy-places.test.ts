/**
 * One route at several places: each listener applies the policies of its own Gateway and ListenerSet, whichever way the route came to it, and
 * an edit at one place changes that place alone.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { gatewayClass, services } from './folder.ts';
import { until } from './until.ts';

let origin: Origin;
let feature: Feature;
beforeAll(async () => {
  origin = await createEcho('one');
  const files = {
    'base.yaml': gatewayClass + services({ one: origin.port }, 'shop') + objects,
    'public.yaml': publicPolicy,
    'set.yaml': setPolicy,
  };
  feature = await startFeature(files, { ports: [8080, 8081, 8082] });
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
});

const gatewayApi = 'gateway.networking.k8s.io';
const object = (apiVersion: string, kind: string, id: string, spec: object): string => {
  const [namespace, name] = id.split('/');
  return `---\n${JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, spec })}\n`;
};
const policy = (id: string, kind: string, name: string, spec: object, sectionName?: string): string => {
  const target = { group: gatewayApi, kind, name, ...(sectionName !== undefined && { sectionName }) };
  return object('gateway.suuupra.io/v1alpha1', 'GatewayPolicy', id, { targetRefs: [target], ...spec });
};
/** Every level must hold: a request needs the header of each. */
const needs = (level: string) => ({
  authorization: { rules: [{ name: level, when: `"x-${level}" in request.headers` }] },
});
/** The nearest level alone. */
const says = (level: string) => ({ responseHeaders: { set: [{ name: 'X-Level', value: level }] } });

const all = { namespaces: { from: 'All' } };
const listener = (name: string, port: number) => ({ name, port, protocol: 'HTTP', allowedRoutes: all });
const rules = [{ backendRefs: [{ name: 'one', port: 8080 }] }];
const route = (name: string, spec: object): string =>
  object(`${gatewayApi}/v1`, 'HTTPRoute', `shop/${name}`, { hostnames: [`${name}.test`], rules, ...spec });

const objects = [
  object(`${gatewayApi}/v1`, 'Gateway', 'infra/public', {
    gatewayClassName: 'suuupra',
    defaultScope: 'All',
    allowedListeners: all,
    listeners: [listener('http', 80)],
  }),
  object(`${gatewayApi}/v1`, 'Gateway', 'infra/internal', {
    gatewayClassName: 'suuupra',
    listeners: [listener('http', 8082)],
  }),
  object(`${gatewayApi}/v1`, 'ListenerSet', 'shop/set', {
    parentRef: { name: 'public', namespace: 'infra' },
    listeners: [listener('plain', 8080), listener('special', 8081)],
  }),
  policy('infra/internal', 'Gateway', 'internal', { policies: { ...needs('internal'), ...says('internal') } }),
  policy('shop/special', 'ListenerSet', 'set', { policies: { ...needs('special'), ...says('special') } }, 'special'),
  route('everywhere', {
    parentRefs: [
      { name: 'public', namespace: 'infra' },
      { name: 'internal', namespace: 'infra' },
      { group: gatewayApi, kind: 'ListenerSet', name: 'set' },
    ],
  }),
  route('default', { useDefaultGateways: 'All' }),
  route('own', { parentRefs: [{ name: 'internal', namespace: 'infra' }], useDefaultGateways: 'All' }),
  policy('shop/own', 'HTTPRoute', 'own', { policies: { ...needs('own'), ...says('own') } }),
].join('');
const publicPolicy = policy('infra/public', 'Gateway', 'public', {
  policies: { ...needs('public'), ...says('public') },
});
const setPolicy = policy('shop/set', 'ListenerSet', 'set', { policies: { ...needs('set'), ...says('set') } });

/** `200 public`: status and the level that dressed the answer; `404` where there is no route. */
async function ask(host: string, port: number, levels: readonly string[]): Promise<string> {
  const headers = Object.fromEntries(levels.map((level) => [`x-${level}`, '1']));
  const answer = await feature.ask(`http://${host}.test:${port}/`, { headers });
  return `${answer.status} ${String(answer.headers['x-level'])}`;
}

/** Who is let in at a place: whoever shows all of these, and nobody who lacks one. */
async function expectLevels(host: string, port: number, levels: readonly string[], said: string): Promise<void> {
  expect(await ask(host, port, levels)).toBe(`200 ${said}`);
  for (const level of levels) {
    const others = ['public', 'internal', 'set', 'special', 'own'].filter((each) => each !== level);
    expect(await ask(host, port, others)).toBe(`403 ${said}`);
  }
}

describe('each place has the policies of its own', () => {
  test.each<[host: string, place: string, port: number, levels: readonly string[], said: string]>([
    ['everywhere', 'a Gateway', 80, ['public'], 'public'],
    ['everywhere', 'another Gateway', 8082, ['internal'], 'internal'],
    ['everywhere', 'a ListenerSet, under its Gateway', 8080, ['public', 'set'], 'set'],
    ['everywhere', 'a listener of the set that has its own', 8081, ['public', 'set', 'special'], 'special'],
    ['default', 'the default Gateway', 80, ['public'], 'public'],
    ['own', 'the default Gateway, with a policy of the route', 80, ['public', 'own'], 'own'],
    ['own', 'a Gateway that is named, with the same', 8082, ['internal', 'own'], 'own'],
  ])('%s at %s', (host, _, port, levels, said) => expectLevels(host, port, levels, said));

  test('and is nowhere else', async () => {
    expect(await ask('default', 8082, ['public', 'internal'])).toBe('404 undefined');
    expect(await ask('default', 8080, ['public', 'set'])).toBe('404 undefined');
    expect(await ask('own', 8081, ['public', 'set', 'special', 'own'])).toBe('404 undefined');
  });
});

test('an edit at one place changes that place alone', async () => {
  await feature.folder.write('set.yaml', setPolicy.replaceAll('x-set', 'x-edited'));
  await until(async () => (await ask('everywhere', 8080, ['public', 'edited'])) === '200 set');
  expect(await ask('everywhere', 8080, ['public', 'set'])).toBe('403 set');
  expect(await ask('everywhere', 8081, ['public', 'edited', 'special'])).toBe('200 special');
  await expectLevels('everywhere', 80, ['public'], 'public');
  await expectLevels('everywhere', 8082, ['internal'], 'internal');

  // Without one of its own the set has its Gateway's, and so has the listener besides its own.
  await feature.folder.remove('set.yaml');
  await until(async () => (await ask('everywhere', 8080, ['public'])) === '200 public');
  await expectLevels('everywhere', 8080, ['public'], 'public');
  await expectLevels('everywhere', 8081, ['public', 'special'], 'special');
  await feature.folder.write('set.yaml', setPolicy);
  await until(async () => (await ask('everywhere', 8080, ['public', 'set'])) === '200 set');
});

test('the owner of a Gateway has the last word at its ListenerSets and default routes, and nowhere else', async () => {
  const spec = { strategy: 'Overrides', policies: { ...needs('public'), ...says('public') } };
  await feature.folder.write('public.yaml', policy('infra/public', 'Gateway', 'public', spec));
  await until(async () => (await ask('own', 80, ['public', 'own'])) === '200 public');
  await expectLevels('own', 80, ['public', 'own'], 'public');
  await expectLevels('everywhere', 8080, ['public', 'set'], 'public');
  await expectLevels('everywhere', 8081, ['public', 'set', 'special'], 'public');
  await expectLevels('own', 8082, ['internal', 'own'], 'own');
  await feature.folder.write('public.yaml', publicPolicy);
  await until(async () => (await ask('own', 80, ['public', 'own'])) === '200 own');
});

test('a policy of one place that cannot be built closes that place alone', async () => {
  const broken = {
    authentication: { methods: [{ name: 'a', type: 'Basic', basic: { users: { name: 'absent', key: 'a' } } }] },
  };
  await feature.folder.write(
    'set.yaml',
    policy('shop/set', 'ListenerSet', 'set', { policies: { ...broken, ...says('set') } }),
  );
  await until(async () => (await ask('everywhere', 8080, ['public', 'set'])) === '500 set');
  expect(await ask('everywhere', 8081, ['public', 'special'])).toBe('500 special');
  await expectLevels('everywhere', 80, ['public'], 'public');
  await expectLevels('default', 80, ['public'], 'public');
  await expectLevels('everywhere', 8082, ['internal'], 'internal');
  expect(await feature.condition('GatewayPolicy', 'set', 'Enforced')).toBe('False FailedClosed');
});
