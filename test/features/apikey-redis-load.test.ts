/**
 * API keys in a Redis that is killed, started anew and held up under load: keys that are known pass to the end of their time, then nobody does,
 * and it all comes back by itself. Nobody passes at any moment whose key was revoked, or is made up.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createKey, hashOfKey } from '../../pkg/policy/authentication/apikey-format.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { type RedisServer, startRedis } from '../../pkg/testkit/redis.ts';
import { gatewayRoute, policyManifest, routeTarget } from '../policies/guards.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { gatewayManifest, redisClass, services } from './folder.ts';
import { type Load, startLoad } from './load.ts';
import { until } from './until.ts';

const keyOf = (id: string) => createKey({ prefix: 'gwk', id, random: (size) => new Uint8Array(size).fill(1) });
const name = (id: string) => `suuupra:apikey:default:${id}`;

let server: RedisServer;
let redis: Redis;
let origin: Origin;
let feature: Feature;
let loads: Readonly<Record<'good' | 'revoked' | 'madeUp', Load>>;

beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.port, '127.0.0.1', { retryStrategy: () => 50 });
  redis.on('error', () => undefined);
  origin = await createEcho('one');
  const apiKey = { source: 'Redis', redis: { cacheDuration: '1s', maxStale: '2s' } };
  const policies = { authentication: { methods: [{ name: 'partners', type: 'APIKey', apiKey }] } };
  const route = gatewayRoute('a', ['a.test'], [{ backendRefs: [{ name: 'one', port: 8080 }] }]);
  const policy = policyManifest('a', { targetRefs: [routeTarget('a')], policies });
  const gateway = gatewayManifest('public', '[{ name: http, port: 80, protocol: HTTP }]');
  const all = `${redisClass(server.url)}---\n${gateway}${services({ one: origin.port })}${route}${policy}`;
  feature = await startFeature({ 'all.yaml': all }, { workers: 2 });

  await put('good1');
  await put('gone1');
  await all200('good1');
  await all200('gone1');
  await redis.del(name('gone1'));
  await redis.publish('suuupra:apikey:default', 'gone1');
  await until(async () => (await statuses('gone1')).every((status) => status === 401));
  const load = (id: string) =>
    startLoad(feature.gateway.port(80), 'a.test', 2, { headers: { 'x-api-key': keyOf(id) } });
  loads = { good: load('good1'), revoked: load('gone1'), madeUp: load('none1') };
  await more();
});
afterEach(async () => {
  // Every request has been answered by now, or is within its time.
  await Promise.all(Object.values(loads).map((load) => load.stop()));
  redis.disconnect();
  await feature.stop();
  await origin.close();
  await server.kill();
});

const put = (id: string) => redis.set(name(id), JSON.stringify({ hash: hashOfKey(keyOf(id)), subject: id }));
const statuses = (id: string) =>
  Promise.all(
    Array.from(
      { length: 20 },
      async () => (await feature.ask('http://a.test/', { headers: { 'x-api-key': keyOf(id) } })).status,
    ),
  );
const all200 = (id: string) => until(async () => (await statuses(id)).every((status) => status === 200));

/** Fifty more answers that let pass. */
async function more(): Promise<void> {
  const before = loads.good.answered;
  await until(async () => loads.good.answered > before + 50);
}

/** Until the last requests of a load all had this outcome. */
async function onlyFails(load: Load, outcome: string): Promise<void> {
  const [answered, failed] = [load.answered, load.failures.length];
  await until(async () => load.failures.length > failed + 50);
  if (load.answered === answered && load.failures.slice(failed).every((each) => each === outcome)) return;
  await onlyFails(load, outcome);
}

/** Whatever happened so far. */
function expectClosed(): void {
  for (const load of [loads.revoked, loads.madeUp]) {
    expect(load.answered).toBe(0);
    expect(load.failures.filter((outcome) => !/^status (?:401|503)$/.test(outcome))).toEqual([]);
  }
}

test('killed, and started anew with nothing in it', async () => {
  await server.kill();
  await more();
  expect(loads.good.failures).toEqual([]);
  await onlyFails(loads.revoked, 'status 503');
  await onlyFails(loads.madeUp, 'status 503');
  await onlyFails(loads.good, 'status 503');
  expect(new Set(loads.good.failures)).toEqual(new Set(['status 503']));

  await server.start();
  await onlyFails(loads.good, 'status 401');
  await onlyFails(loads.revoked, 'status 401');
  await put('good1');
  await redis.publish('suuupra:apikey:default', 'good1');
  await all200('good1');
  await more();
  await onlyFails(loads.madeUp, 'status 401');
  expectClosed();
});

test('held up, and let go', async () => {
  server.pause();
  try {
    await more();
    expect(loads.good.failures).toEqual([]);
    await onlyFails(loads.good, 'status 503');
    await onlyFails(loads.revoked, 'status 503');
    await onlyFails(loads.madeUp, 'status 503');
  } finally {
    server.resume();
  }
  // Nobody has to say that it is back: what is in it is what counts.
  await all200('good1');
  await more();
  await onlyFails(loads.revoked, 'status 401');
  await onlyFails(loads.madeUp, 'status 401');
  expect(new Set(loads.good.failures)).toEqual(new Set(['status 503']));
  expectClosed();
});

test('a key that is revoked while Redis is held up is refused from when Redis knows it, for good', async () => {
  server.pause();
  const revoked = Promise.all([redis.del(name('good1')), redis.publish('suuupra:apikey:default', 'good1')]);
  try {
    await more();
  } finally {
    server.resume();
  }
  await revoked;
  await onlyFails(loads.good, 'status 401');
  const { answered } = loads.good;
  await server.kill();
  await onlyFails(loads.good, 'status 503');
  await server.start();
  await onlyFails(loads.good, 'status 401');
  expect(loads.good.answered).toBe(answered);
  expectClosed();
});
