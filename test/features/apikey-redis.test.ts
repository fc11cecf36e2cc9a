/** API keys in a real Redis, with two workers: revoked everywhere by one message, known while it is gone, and never open. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createKey, hashOfKey } from '../../pkg/policy/authentication/apikey-format.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { type RedisServer, startRedis } from '../../pkg/testkit/redis.ts';
import { createEcho, type Echoed } from './echo.ts';
import { type AskOptions, type Feature, startFeature } from './feature.ts';
import { gatewayManifest, redisClass, services } from './folder.ts';
import { until } from './until.ts';

const url = 'http://a.test/';
const keyOf = (id: string) => createKey({ prefix: 'gwk', id, random: (size) => new Uint8Array(size).fill(1) });
const shown = (id: string): AskOptions => ({ headers: { 'x-api-key': keyOf(id) } });

let server: RedisServer;
let redis: Redis;
let origin: Origin;
let feature: Feature;
beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.port, '127.0.0.1', { retryStrategy: () => 50 });
  // It is killed on purpose.
  redis.on('error', () => undefined);
  origin = await createEcho('one');
  feature = await startFeature({ 'all.yaml': manifests(server.url, origin.port) }, { workers: 2 });
});
afterEach(async () => {
  redis.disconnect();
  await feature.stop();
  await origin.close();
  await server.kill();
});

const name = (id: string) => `suuupra:apikey:default:${id}`;
const put = (id: string) =>
  redis.set(name(id), JSON.stringify({ hash: hashOfKey(keyOf(id)), subject: id, metadata: { plan: 'gold' } }));
/** Statuses of forty requests over as many connections: both workers get some. */
const answers = async (id: string) =>
  new Set(await Promise.all(Array.from({ length: 40 }, async () => (await feature.ask(url, shown(id))).status)));
const all = (id: string, status: number) =>
  until(async () => {
    const seen = await answers(id);
    return seen.size === 1 && seen.has(status);
  });

test('a key passes until it is taken away and told of, and then on no worker', async () => {
  await put('good1');
  const answer = await feature.becomes(url, 200, shown('good1'));
  expect((JSON.parse(answer.body) as Echoed).fields).toMatchObject({ 'x-user': 'good1', 'x-plan': 'gold' });
  await all('good1', 200);
  expect(await answers('other1')).toEqual(new Set([401]));

  await redis.del(name('good1'));
  await redis.publish('suuupra:apikey:default', 'good1');
  await all('good1', 401);
});

test('taken away, it passes on no other replica either, long before what they know of it would end', async () => {
  await put('good1');
  const other = await startFeature({ 'all.yaml': manifests(server.url, origin.port) });
  try {
    await Promise.all([feature, other].map((each) => each.becomes(url, 200, shown('good1'))));
    await redis.del(name('good1'));
    await redis.publish('suuupra:apikey:default', 'good1');
    const refused = await Promise.all([feature, other].map((each) => each.becomes(url, 401, shown('good1'))));
    expect(refused.map(({ status }) => status)).toEqual([401, 401]);
  } finally {
    await other.stop();
  }
});

test('keys that are known pass while Redis is gone, and others are 503; it comes back', async () => {
  await put('good1');
  await put('late1');
  await feature.becomes(url, 200, shown('good1'));
  await all('good1', 200);
  await server.kill();
  await feature.becomes(url, 503, shown('late1'));
  expect(await answers('good1')).toEqual(new Set([200]));
  expect(await answers('late1')).toEqual(new Set([503]));

  // A new one, with nothing in it: what was known is asked for again, since messages may have been missed.
  await server.start();
  await all('good1', 401);
  await put('late1');
  await redis.publish('suuupra:apikey:default', 'late1');
  await all('late1', 200);
});

test('a Redis that hangs holds nobody', async () => {
  await put('good1');
  await feature.becomes(url, 200, shown('good1'));
  await all('good1', 200);
  server.pause();
  try {
    await feature.becomes(url, 503, shown('late1'));
    expect(await answers('good1')).toEqual(new Set([200]));
  } finally {
    server.resume();
  }
  await all('late1', 401);
});

test('gatewayctl makes, rotates and revokes keys, and every worker has it at once', async () => {
  const first = await ctl('create', 'partner', '--metadata', 'plan=gold');
  await feature.becomes(url, 200, { headers: { 'x-api-key': first } });
  const second = await ctl('rotate', 'partner');
  for (const key of [first, second]) await feature.becomes(url, 200, { headers: { 'x-api-key': key } });
  const idOf = (key: string) => key.split('_')[1] ?? '';
  await ctl('revoke', 'partner', '--key', idOf(first));
  await until(async () => (await statusesOf(first)).every((status) => status === 401));
  expect(new Set(await statusesOf(second))).toEqual(new Set([200]));
  await ctl('revoke', 'partner');
  await until(async () => (await statusesOf(second)).every((status) => status === 401));
  expect(await ctl('list')).toMatch(new RegExp(`default/partner +partner +${idOf(second)} +suspended`));
});

const statusesOf = (key: string) =>
  Promise.all(
    Array.from({ length: 40 }, async () => (await feature.ask(url, { headers: { 'x-api-key': key } })).status),
  );

async function ctl(command: string, ...args: readonly string[]): Promise<string> {
  const program = join(import.meta.dirname, '../../cmd/gatewayctl.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    'apikey',
    command,
    ...args,
    '--redis',
    server.url,
  ]);
  return stdout.trim();
}

function manifests(address: string, port: number): string {
  return `${redisClass(address)}---
${gatewayManifest('public', '[{ name: http, port: 80, protocol: HTTP }]')}${services({ one: port })}---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: a }
spec:
  parentRefs: [{ name: public }]
  hostnames: [a.test]
  rules: [{ backendRefs: [{ name: one, port: 8080 }] }]
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: a }
spec:
  targetRefs: [{ group: gateway.suuupra.io, kind: GatewayRoute, name: a }]
  policies:
    authentication:
      methods:
        - name: partners
          type: APIKey
          apiKey:
            source: Redis
            claimToHeaders: [{ header: X-User, claim: sub }, { header: X-Plan, claim: plan }]
`;
}
