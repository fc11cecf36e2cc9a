/** What a client or a tenant may try with credentials that are no tokens: every way of it is refused. Those of tokens: jwt-attacks.test.ts. */

import { describe, expect, test } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import type { APIKey } from '../../api/apikey.ts';
import { validateObject } from '../../api/validate.ts';
import { type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { createKey, hashOfKey } from './apikey-format.ts';
import { createAuthentication } from './filter.ts';
import type { AuthenticationSpec } from './spec.ts';
import { translateAuthentication } from './translate.ts';

const key = createKey({ prefix: 'gwk', id: 'good1', random: (size) => new Uint8Array(size).fill(1) });
const partner = {
  kind: 'APIKey',
  metadata: { name: 'partner', namespace: 'shop', labels: {} },
  spec: { subject: 'partner', suspended: false, keys: [{ id: 'good1', hash: hashOfKey(key) }] },
} as unknown as APIKey;
const file = `alice:${hashSync('opensesame', 4)}`;

type Methods = AuthenticationSpec['methods'];
const apiKey: Methods[number] = {
  name: 'partners',
  type: 'APIKey',
  apiKey: {
    source: 'Objects',
    selector: {},
    forward: 'Strip',
    claimToHeaders: [{ header: 'X-Partner', claim: 'sub' }],
  },
};
const basic: Methods[number] = {
  name: 'staff',
  type: 'Basic',
  basic: {
    users: { name: 'staff', key: 'auth' },
    forward: 'Strip',
    claimToHeaders: [{ header: 'X-User', claim: 'sub' }],
  },
};
const mesh: Methods[number] = {
  name: 'mesh',
  type: 'ClientCertificate',
  clientCertificate: {
    subjectFrom: 'CommonName',
    claimToHeaders: [{ header: 'X-Peer', claim: 'sub' }],
    certificateHeaders: [{ header: 'X-Forwarded-Client-Cert', format: 'XFCC' }],
  },
};

function ask(methods: Methods, exchange: ExchangeOptions, more: Partial<AuthenticationSpec> = {}) {
  const config = translateAuthentication(
    { require: 'Any', allowAnonymous: false, methods, ...more },
    'spec',
    testPolicyContext({ secrets: { 'staff/auth': file }, objects: [partner] }),
  );
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  const env = testFilterEnv({ secrets: { 'Secret/shop/staff/auth': file }, ask: () => false });
  return run(createAuthentication(config, env), exchange);
}

describe('headers that say who is asking', () => {
  const spoofed = Object.fromEntries(
    ['X-Partner', 'x_partner', 'X-User', 'X_USER', 'x-peer', 'X-Forwarded-Client-Cert', 'x-forwarded_client-cert'].map(
      (name) => [name, 'root'],
    ),
  );

  test('of methods that are not reached are taken out, too', async () => {
    const seen = await ask([apiKey, basic, mesh], { headers: { ...spoofed, 'x-api-key': key } });
    expect(seen.requestHeaders).toEqual(['X-Partner: partner']);
  });

  test('are taken out of anonymous requests', async () => {
    const seen = await ask([apiKey, basic, mesh], { headers: spoofed }, { allowAnonymous: true });
    expect([seen.denied, seen.requestHeaders]).toEqual([undefined, []]);
  });

  test('are not left by a credential in one of them', async () => {
    const seen = await ask([apiKey], { headers: { 'x-partner': key } }, { allowAnonymous: true });
    expect([seen.identity, seen.requestHeaders]).toEqual([null, []]);
  });
});

describe('two credentials', () => {
  const password = `Basic ${Buffer.from('alice:wrong').toString('base64')}`;

  test('of which the first is good: the second does not reach the backend as if it were', async () => {
    const seen = await ask([apiKey, basic], { headers: { 'x-api-key': key, authorization: password } });
    expect([seen.identity?.subject, seen.requestHeaders]).toEqual(['partner', ['X-Partner: partner']]);
  });

  test('of which the first is bad: the second does not make up for it', async () => {
    const seen = await ask([basic, apiKey], { headers: { 'x-api-key': key, authorization: password } });
    expect(seen.denied).toBe('unauthenticated');
  });

  test('that must both be good: one is not enough, nor none where anonymous is allowed with one', async () => {
    const all = { require: 'All' as const, allowAnonymous: true };
    expect((await ask([apiKey, basic], { headers: { 'x-api-key': key } }, all)).denied).toBe('unauthenticated');
    expect((await ask([apiKey, basic], { headers: { 'x-api-key': key, authorization: password } }, all)).denied).toBe(
      'unauthenticated',
    );
  });
});

describe('objects of other namespaces', () => {
  const policyOf = (method: object) => ({
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayPolicy',
    metadata: { name: 'x', namespace: 'evil' },
    spec: { policies: { authentication: { methods: [{ name: 'a', ...method }] } } },
  });
  const endpoint = { uri: 'https://login.test/' };
  const secret = { name: 'staff', key: 'auth', namespace: 'shop' };

  test.each<[string, object, string]>([
    ['users', { type: 'Basic', basic: { users: secret } }, 'basic.users.namespace'],
    [
      'a password',
      { type: 'Introspection', introspection: { endpoint, clientID: 'a', clientSecret: secret } },
      'introspection.clientSecret.namespace',
    ],
    ['keys', { type: 'APIKey', apiKey: { selector: {}, namespace: 'shop' } }, 'apiKey.namespace'],
    ['a tenant', { type: 'APIKey', apiKey: { source: 'Redis', tenant: 'shop' } }, 'apiKey.tenant'],
  ])('cannot even be named: %s', (_, method, path) => {
    const result = validateObject(policyOf(method));
    const paths = 'problems' in result ? result.problems.map((problem) => problem.path) : [];
    expect(paths).toEqual([`spec.policies.authentication.methods[0].${path}`]);
  });
});
