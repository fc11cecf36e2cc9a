/** `gatewayctl apikey` at an API server, and what it does to objects. As users call it on manifests: gatewayctl.test.ts. */
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { hashOfKey, keyIdOf } from '../../pkg/policy/authentication/apikey-format.ts';
import { MemoryApiServer } from '../../pkg/testkit/apiserver.ts';
import { knownCollections } from '../../pkg/testkit/apiserver-kinds.ts';
import { type APIKeyManifest, momentOf, newAPIKey, suspended, withNewKey, withoutKey } from './apikey-edit.ts';
import { type APIKeyStore, clusterStore } from './apikey-store.ts';

const now = Date.parse('2026-12-01T00:00:00Z');
const minting = { prefix: 'gwk', random: randomBytes, expires: undefined };
const facts = { subject: 'partner-a', scopes: ['orders.read'], labels: { tier: 'gold' } };
const never = { now, endOthers: undefined };
const collection = 'gateway.suuupra.io/v1alpha1/apikeys';

describe('an APIKey', () => {
  test('is made with the hash of its key, and without the key', () => {
    const { object, key, id } = newAPIKey('partner', 'shop', facts, minting);
    expect(keyIdOf(key)).toBe(id);
    expect(object).toEqual({
      apiVersion: 'gateway.suuupra.io/v1alpha1',
      kind: 'APIKey',
      metadata: { name: 'partner', namespace: 'shop', labels: { tier: 'gold' } },
      spec: { subject: 'partner-a', scopes: ['orders.read'], keys: [{ id, hash: hashOfKey(key) }] },
    });
    expect(JSON.stringify(object)).not.toContain(key);
  });

  test('that the gateway would refuse is not made', () => {
    expect(() => newAPIKey('partner', 'shop', { ...facts, scopes: ['a b'] }, minting)).toThrow('spec.scopes[0]');
  });

  test('gets another key, and an end for those before it', () => {
    const first = newAPIKey('partner', 'shop', facts, minting);
    const { object, id } = withNewKey(first.object, minting, { now, endOthers: '2026-12-02T00:00:00Z' });
    expect(object.spec.keys.map((key) => [key.id, key.expires])).toEqual([
      [first.id, '2026-12-02T00:00:00Z'],
      [id, undefined],
    ]);
  });

  test('keeps a sooner end, and drops what has ended', () => {
    const soon = newAPIKey('partner', 'shop', facts, { ...minting, expires: '2026-12-01T12:00:00Z' });
    const times = { now, endOthers: '2026-12-02T00:00:00Z' };
    expect(withNewKey(soon.object, minting, times).object.spec.keys[0]?.expires).toBe('2026-12-01T12:00:00Z');
    const later = withNewKey(soon.object, minting, { now: now + 86_400_000, endOthers: undefined });
    expect(later.object.spec.keys.map(({ id }) => id)).toEqual([later.id]);
  });

  test('has at most four', () => {
    let { object } = newAPIKey('partner', 'shop', facts, minting);
    for (let i = 0; i < 3; i++) ({ object } = withNewKey(object, minting, never));
    expect(() => withNewKey(object, minting, never)).toThrow('has 4 keys; revoke one');
  });

  test('loses one key, and is suspended instead of losing the last', () => {
    const first = newAPIKey('partner', 'shop', facts, minting);
    const second = withNewKey(first.object, minting, never);
    const rest = withoutKey(second.object, first.id);
    expect(rest.spec.keys.map(({ id }) => id)).toEqual([second.id]);
    expect(withoutKey(rest, second.id).spec).toMatchObject({ suspended: true, keys: rest.spec.keys });
    expect(() => withoutKey(rest, first.id)).toThrow(`has no key ${first.id}; it has ${second.id}`);
  });
});

test.each([
  ['90d', '2027-03-01T00:00:00Z'],
  ['1h30m', '2026-12-01T01:30:00Z'],
  ['2027-02-01', '2027-02-01T00:00:00Z'],
  ['2027-02-01T10:00:00Z', '2027-02-01T10:00:00Z'],
])('%s is %s', (text, moment) => {
  expect(momentOf(text, now)).toBe(moment);
});

test.each(['soon', '2027-02-31', '', '90', '2027-13-01'])('%j is no time', (text) => {
  expect(() => momentOf(text, now)).toThrow('is no time');
});

describe('in a cluster', () => {
  let api: MemoryApiServer;
  let store: APIKeyStore;
  beforeEach(() => {
    api = new MemoryApiServer(knownCollections());
    store = clusterStore(api, 'shop', false);
  });
  const stored = () => api.get(collection, 'shop', 'partner') as unknown as APIKeyManifest;

  test('keys are made, rotated, revoked and listed', async () => {
    const { object, id } = newAPIKey('partner', 'shop', facts, minting);
    expect(await store.create(object)).toEqual({ kind: 'stored' });
    expect(stored().spec).toEqual(object.spec);

    // As it is once a gateway has written its status, and the API server who wrote what.
    const status = { observedGeneration: 1, conditions: [], activeKeys: [id], summary: { active: '1/1' } };
    const metadata = { ...stored().metadata, managedFields: [{ manager: 'kubectl', operation: 'Update' }] };
    await api.apply({ ...stored(), metadata, status });
    const rotated = withNewKey(await store.get('partner'), minting, never);
    await store.replace(rotated.object);
    expect(stored().spec.keys.map((key) => key.id)).toEqual([id, rotated.id]);

    await store.replace(withoutKey(await store.get('partner'), id));
    expect((await store.list()).map(({ spec }) => spec.keys.map((key) => key.id))).toEqual([[rotated.id]]);
  });

  test('a change by somebody else in between is not lost', async () => {
    await store.create(newAPIKey('partner', 'shop', facts, minting).object);
    const before = await store.get('partner');
    await store.replace(suspended(await store.get('partner')));
    await expect(store.replace(withNewKey(before, minting, never).object)).rejects.toThrow(/modified|conflict/i);
    expect(stored().spec.suspended).toBe(true);
  });

  test('what is not there, or is there, is said', async () => {
    await expect(store.get('nobody')).rejects.toThrow('not found');
    const { object } = newAPIKey('partner', 'shop', facts, minting);
    await store.create(object);
    await expect(store.create(object)).rejects.toThrow('already exists');
  });

  test('lists stay in the namespace, unless all are asked for', async () => {
    await clusterStore(api, 'other', false).create(newAPIKey('partner', 'other', facts, minting).object);
    expect(await store.list()).toEqual([]);
    expect(await clusterStore(api, 'shop', true).list()).toHaveLength(1);
  });
});
