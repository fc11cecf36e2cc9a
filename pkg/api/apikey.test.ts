/** APIKey: what is accepted, and what is refused with which path. The CRD refuses the same: e2e/scenarios/rejected.ts. */
import { describe, expect, test } from '@jest/globals';
import { validateObject } from './validate.ts';

const hash = `sha256:${'0123456789abcdef'.repeat(4)}`;
const key = { id: 'k7f3a9c21', hash };

function validate(spec: unknown) {
  return validateObject({ apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'APIKey', metadata: { name: 'x' }, spec });
}

describe('APIKey', () => {
  test('is accepted with all it can have, and not suspended by default', () => {
    const spec = {
      subject: 'Partner A, Zurich',
      scopes: ['orders.read', 'https://a.test/orders:write'],
      metadata: { plan: 'gold', note: '' },
      keys: [
        { ...key, notBefore: '2026-12-01T00:00:00Z', expires: '2027-02-01T00:00:00Z' },
        { ...key, id: 'next' },
      ],
    };
    expect(validate(spec)).toMatchObject({ object: { spec: { ...spec, suspended: false } } });
  });

  test.each<[string, object, string]>([
    ['no subject', { subject: undefined }, 'spec.subject'],
    ['a subject that would break a header', { subject: 'a\r\nx-admin: 1' }, 'spec.subject'],
    ['a scope with a space', { scopes: ['a b'] }, 'spec.scopes[0]'],
    ['metadata that would break a header', { metadata: { plan: 'gold\n' } }, 'spec.metadata.plan'],
    ['no keys', { keys: [] }, 'spec.keys'],
    ['five keys', { keys: ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee'].map((id) => ({ id, hash })) }, 'spec.keys'],
    ['one id twice', { keys: [key, key] }, 'spec.keys[1]'],
    ['an id that cannot stand in a key', { keys: [{ id: 'a_b_c', hash }] }, 'spec.keys[0].id'],
    ['the key instead of its hash', { keys: [{ id: 'k7f3', hash: 'gwk_k7f3_secret' }] }, 'spec.keys[0].hash'],
    ['a hash in upper case', { keys: [{ ...key, hash: hash.toUpperCase() }] }, 'spec.keys[0].hash'],
    ['a local time', { keys: [{ ...key, expires: '2027-02-01T00:00:00+01:00' }] }, 'spec.keys[0].expires'],
    ['a day that does not exist', { keys: [{ ...key, expires: '2027-02-31T00:00:00Z' }] }, 'spec.keys[0].expires'],
    [
      'an end before the beginning',
      { keys: [{ ...key, notBefore: '2027-02-01T00:00:00Z', expires: '2027-02-01T00:00:00Z' }] },
      'spec.keys[0].notBefore',
    ],
    ['a tenant, which is the namespace', { tenant: 'other' }, 'spec.tenant'],
  ])('with %s is refused', (_name, more, path) => {
    const result = validate({ subject: 'a', keys: [key], ...more });
    expect('problems' in result ? result.problems.map((problem) => problem.path) : []).toEqual([path]);
  });
});
