/** `gatewayctl apikey --redis` at a real Redis. That gateways take the keys: test/features/apikey-redis.test.ts. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { hashOfKey } from '../../pkg/policy/authentication/apikey-format.ts';
import { readKeyRecord } from '../../pkg/policy/authentication/apikey-record.ts';
import { type RedisServer, startRedis } from '../../pkg/testkit/redis.ts';
import { newAPIKey, suspended, withNewKey, withoutKey } from './apikey-edit.ts';
import { redisStore, withRedis } from './apikey-redis.ts';
import type { APIKeyStore } from './apikey-store.ts';

const minting = { prefix: 'gwk', random: randomBytes, expires: undefined };
const facts = { subject: 'acme', scopes: ['orders.read'], metadata: { plan: 'gold' }, labels: {} };
const never = { now: 0, endOthers: undefined };

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.kill();
});
beforeEach(async () => {
  await redis.flushall();
});

/** A store of its own connection, as each call of gatewayctl has one. */
const at = <T>(act: (store: APIKeyStore) => Promise<T>, namespace = 'shop', everywhere = false): Promise<T> =>
  withRedis(server.url, (client) => act(redisStore(client, namespace, everywhere)));
const recordOf = async (id: string) => readKeyRecord(id, (await redis.get(`suuupra:apikey:shop:${id}`)) ?? '');

describe('an APIKey in Redis', () => {
  test('is read by gateways, and again by gatewayctl', async () => {
    const { object, key, id } = newAPIKey('partner', 'shop', facts, { ...minting, expires: '2030-01-01T00:00:00Z' });
    await at((store) => store.create(object));
    expect(await recordOf(id)).toEqual({
      subject: 'acme',
      scopes: ['orders.read'],
      metadata: { plan: 'gold' },
      keys: [
        { id, hash: hashOfKey(key).slice('sha256:'.length), notBefore: 0, expires: Date.parse('2030-01-01T00:00:00Z') },
      ],
    });
    expect(await at((store) => store.get('partner'))).toEqual(object);
  });

  test('loses what is revoked, and tells of every change', async () => {
    const told: string[] = [];
    const listener = new Redis(server.url);
    await listener.subscribe('suuupra:apikey:shop');
    listener.on('message', (_, id) => told.push(id));
    const { object, id } = newAPIKey('partner', 'shop', facts, minting);
    await at((store) => store.create(object));
    const second = await at(async (store) => {
      const rotated = withNewKey(await store.get('partner'), minting, never);
      await store.replace(rotated.object);
      return rotated.id;
    });
    await at(async (store) => store.replace(withoutKey(await store.get('partner'), id)));
    expect([await recordOf(id), (await recordOf(second))?.subject]).toEqual([null, 'acme']);
    await at(async (store) => store.replace(suspended(await store.get('partner'))));
    expect(await recordOf(second)).toBeNull();
    await listener.ping();
    listener.disconnect();
    expect(told).toEqual([id, id, second, id, second, second]);
  });

  test('is not made twice, nor changed over the change of somebody else', async () => {
    const { object } = newAPIKey('partner', 'shop', facts, minting);
    await at((store) => store.create(object));
    await expect(at((store) => store.create(object))).rejects.toThrow('there is an APIKey shop/partner');
    const late = at(async (store) => {
      const before = await store.get('partner');
      await at(async (other) => other.replace(suspended(await other.get('partner'))));
      await store.replace(withNewKey(before, minting, never).object);
    });
    await expect(late).rejects.toThrow('was changed by somebody else');
    expect((await at((store) => store.get('partner'))).spec).toMatchObject({ suspended: true, keys: [{}] });
  });

  test('is listed in its namespace, or in all; what others wrote by its subject', async () => {
    const { object } = newAPIKey('partner', 'shop', facts, minting);
    await at((store) => store.create(object));
    const hash = object.spec.keys[0]?.hash;
    await redis.set('suuupra:apikey:other:byhand', JSON.stringify({ hash, subject: 'by hand' }));
    await redis.set('suuupra:apikey:other:broken', '{"subject": 1}');
    const names = (everywhere: boolean) =>
      at(
        async (store) => (await store.list()).map(({ metadata: { name, namespace } }) => `${namespace}/${name}`),
        'shop',
        everywhere,
      );
    expect(await names(false)).toEqual(['shop/partner']);
    expect(await names(true)).toEqual(['other/(not readable)', 'other/by hand', 'shop/partner']);
  });
});

test('what does not work is said', async () => {
  await expect(at((store) => store.get('nobody'))).rejects.toThrow('there is no APIKey nobody in Redis');
  const nothing = async () => undefined;
  await expect(withRedis('http://a', nothing)).rejects.toThrow('write redis://host:port/database');
  await expect(withRedis('redis://127.0.0.1:1', nothing)).rejects.toThrow('Redis at 127.0.0.1:1: connect ECONNREFUSED');
});
