/** Kinds that cannot be read: who is told, and what the first state does without. */
import { describe, expect, test } from '@jest/globals';
import type { Kind } from '../api/kinds.ts';
import { validateObject } from '../api/validate.ts';
import { KubeError } from '../kube/api.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { KubeSource, type KubeSourceOptions } from './kube.ts';
import type { SourceProblem } from './source.ts';
import type { Unread } from './unread.ts';

const kinds: readonly Kind[] = ['HTTPRoute', 'GatewayClassConfig', 'ReferenceGrant', 'Backend'];

function setUp({ code = 500, ...options }: Partial<KubeSourceOptions> & { readonly code?: number } = {}) {
  const api = new MemoryApiServer(knownCollections());
  const clock = new FakeClock();
  const unread: (readonly Unread[])[] = [];
  const failing = new Set<string>();
  api.fault = ({ path, query }) =>
    query?.['limit'] !== undefined && failing.has(path.split('/').at(-1) ?? '')
      ? new KubeError('etcd is broken', { code })
      : undefined;
  let problems: readonly SourceProblem[] = [];
  let delivered = false;
  const source = new KubeSource({
    api,
    validate: validateObject,
    namespaces: [],
    clock,
    random: () => 0.5,
    onFailure: () => {},
    kinds,
    onUnread: (list) => void unread.push(list),
    ...options,
  });
  void source.start({ apply: () => {}, problems: (list) => void (problems = list) }).then(() => {
    delivered = true;
  });
  const pass = async (ms: number) => {
    for (let t = 0; t < ms; t += 500) {
      for (let i = 0; i < 60; i++) await Promise.resolve();
      clock.advance(500);
    }
    for (let i = 0; i < 200; i++) await Promise.resolve();
  };
  return { source, failing, unread, pass, problems: () => problems, delivered: () => delivered };
}

describe('a kind that the API server cannot list', () => {
  test('is told after ten seconds, with its reason, and again when it can', async () => {
    const { source, failing, unread, pass } = setUp();
    failing.add('httproutes');
    await pass(9_000);
    expect(unread).toEqual([]);
    await pass(2_000);
    expect(unread).toEqual([[{ collection: 'HTTPRoute', message: 'etcd is broken' }]]);
    failing.clear();
    await pass(60_000);
    expect(unread.slice(1)).toEqual([[]]);
    await source.close();
  });

  test.each(['httproutes', 'gatewayclassconfigs'])(
    '%s: the first state waits, since requests would go where they must not',
    async (plural) => {
      const { source, failing, delivered, pass } = setUp({ mayLeaveOut: () => true });
      failing.add(plural).add('backends');
      await pass(300_000);
      expect(delivered()).toBe(false);
      failing.delete(plural);
      await pass(90_000);
      expect(delivered()).toBe(true);
      await source.close();
    },
  );

  test.each(['referencegrants', 'backends'])(
    '%s: the first state comes without, and it is a problem',
    async (plural) => {
      const { source, failing, delivered, problems, pass } = setUp({ mayLeaveOut: () => true });
      failing.add(plural);
      await pass(29_000);
      expect(delivered()).toBe(false);
      await pass(2_000);
      expect(delivered()).toBe(true);
      expect(problems().map(({ message }) => message)).toEqual([
        expect.stringMatching(/^the API server cannot list objects of kind (ReferenceGrant|Backend)$/),
      ]);
      failing.clear();
      await pass(60_000);
      expect(problems()).toEqual([]);
      await source.close();
    },
  );

  test('any: the first state waits while something better is served', async () => {
    const { source, failing, delivered, pass } = setUp({ mayLeaveOut: () => false });
    failing.add('backends');
    await pass(300_000);
    expect(delivered()).toBe(false);
    await source.close();
  });
});

describe('a kind that it may not read', () => {
  test('and that only protects is waited for, and told, where traffic is served', async () => {
    const { source, failing, unread, delivered, pass } = setUp({
      code: 403,
      needsProtection: true,
      forbiddenGrace: 10_000,
    });
    failing.add('gatewayclassconfigs');
    await pass(300_000);
    expect(delivered()).toBe(false);
    expect(unread).toEqual([[{ collection: 'GatewayClassConfig', message: 'etcd is broken' }]]);
    failing.clear();
    await pass(60_000);
    expect(delivered()).toBe(true);
    await source.close();
  });

  test.each<[string, Partial<KubeSourceOptions>]>([
    ['httproutes', { needsProtection: true }],
    ['gatewayclassconfigs', {}],
  ])('%s with %j is a problem that stops nothing', async (plural, options) => {
    const { source, failing, delivered, problems, pass } = setUp({ code: 403, ...options });
    failing.add(plural);
    await pass(1_000);
    expect(delivered()).toBe(true);
    expect(problems()).toMatchObject([{ hint: 'grant get, list and watch to its ServiceAccount' }]);
    await source.close();
  });
});
