import { expect, test } from '@jest/globals';
import { validateObject } from '../api/validate.ts';
import { Inventory } from './inventory.ts';

let version = 0;

function policy(policies: object) {
  return {
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayPolicy',
    metadata: { name: 'login', namespace: 'shop', generation: 1, resourceVersion: String(++version) },
    spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'orders' }], policies },
  };
}

const ofLaterRelease = () => policy({ authentication: { methods: [{ name: 'door', type: 'Passkey' }] } });
const readable = () => policy({ authentication: { mode: 'Disabled' } });

function setUp() {
  const inventory = new Inventory(validateObject);
  const change = (raw: ReturnType<typeof policy>): unknown => {
    inventory.upsert('GatewayPolicy', raw);
    return inventory.takeChanges();
  };
  return { inventory, change };
}

test('a policy that cannot be read is there all the same, to close what it is for, and speaks for itself', () => {
  const { inventory, change } = setUp();
  expect(change(ofLaterRelease())).toMatchObject([
    { kind: 'upsert', object: { spec: { policies: {} }, unread: [{ path: expect.stringContaining('methods[0]') }] } },
  ]);
  expect(inventory.problems()).toMatchObject([{ object: 'GatewayPolicy/shop/login' }]);
  expect(inventory.problems()[0]).not.toHaveProperty('of');
  // A new status alone.
  expect(change(ofLaterRelease())).toEqual([]);
});

test('once it could be read, its last valid state stays, and the problem speaks of it', () => {
  const { inventory, change } = setUp();
  change(ofLaterRelease());
  expect(change(readable())).toMatchObject([{ object: { spec: { policies: { authentication: {} } } } }]);
  expect(inventory.problems()).toEqual([]);
  expect(change(ofLaterRelease())).toEqual([]);
  expect(inventory.problems()[0]).toHaveProperty('of');
});

test('what cannot be read and protects nothing closes nothing', () => {
  const { inventory, change } = setUp();
  change(ofLaterRelease());
  expect(change(policy({ cors: { allowOrigin: 1 } }))).toMatchObject([{ kind: 'remove', ref: { name: 'login' } }]);
  expect(inventory.problems()[0]).toHaveProperty('of');
  expect(change(ofLaterRelease())).toMatchObject([{ kind: 'upsert' }]);
  inventory.remove('GatewayPolicy', ofLaterRelease());
  expect(inventory.takeChanges()).toMatchObject([{ kind: 'remove' }]);
  expect(inventory.problems()).toEqual([]);
});
