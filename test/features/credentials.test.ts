/** API keys, passwords and opaque tokens through the real process: revoked live, hashed in another thread, asked for at a real server. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { createKey, hashOfKey } from '../../pkg/policy/authentication/apikey-format.ts';
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho, type Echoed } from './echo.ts';
import { type AskOptions, type Feature, startFeature } from './feature.ts';
import { baseManifests } from './folder.ts';
import { until } from './until.ts';

const { certificate, key: privateKey } = testCertificates().localhost;
const keyOf = (id: string, byte = 1) =>
  createKey({ prefix: 'gwk', id, random: (size) => new Uint8Array(size).fill(byte) });
const asked: string[] = [];
let server: Server;
let origin: Origin;
let feature: Feature;

beforeAll(async () => {
  server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    void text(request).then((body) => {
      asked.push(`${request.headers.authorization} ${body}`);
      const active = body.startsWith('token=opaque-');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ active, ...(active && { sub: 'ada', scope: 'orders.read' }) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = await createEcho('one');
  feature = await startFeature(
    {
      'base.yaml': baseManifests({ one: origin.port }),
      'policies.yaml': manifests((server.address() as AddressInfo).port),
      'partner.yaml': apiKey('partner', ['one1', 'two2']),
      'foreign.yaml': apiKey('foreign', ['else1'], 'other'),
    },
    { workers: 2 },
  );
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
  server.close();
  server.closeAllConnections();
});

const fieldsOf = (body: string) => (JSON.parse(body) as Echoed).fields;

describe('API keys', () => {
  const shown = (key: string): AskOptions => ({ headers: { 'x-api-key': key, 'x-partner': 'root' } });
  const url = 'http://keys.test/';

  test('a good one passes, and the backend learns whose it is and nothing else', async () => {
    const answer = await feature.becomes(url, 200, shown(keyOf('one1')));
    expect(fieldsOf(answer.body)['x-partner']).toBe('partner');
    expect(fieldsOf(answer.body)).not.toHaveProperty('x-api-key');
  });

  test.each<[string, AskOptions]>([
    ['none', {}],
    ['one of another secret', shown(keyOf('one1', 2))],
    ['one of another namespace', shown(keyOf('else1'))],
    ['nonsense', shown('nonsense')],
  ])('%s is 401 with a challenge', async (_, options) => {
    const answer = await feature.ask(url, options);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^ApiKey realm="partners"/);
  });

  test('one that is revoked is refused by every worker, and the other goes on', async () => {
    await feature.folder.write('partner.yaml', apiKey('partner', ['two2']));
    await feature.becomes(url, 401, shown(keyOf('one1')));
    // What one worker has, all have a moment later.
    const answers = (key: string) =>
      Promise.all(Array.from({ length: 40 }, async () => (await feature.ask(url, shown(key))).status));
    await until(async () => (await answers(keyOf('one1'))).every((status) => status === 401));
    expect(new Set(await answers(keyOf('two2')))).toEqual(new Set([200]));
    const { statuses } = JSON.parse(await feature.gateway.page('/debug/statuses')) as {
      statuses: { kind: string; name: string; status: { activeKeys?: string[]; summary?: object } }[];
    };
    expect(statuses.find(({ kind, name }) => kind === 'APIKey' && name === 'partner')?.status).toMatchObject({
      activeKeys: ['two2'],
      summary: { active: '1/1' },
    });
  });

  test('none is in what the gateway shows of itself', async () => {
    expect(await feature.gateway.page('/debug/ir')).not.toContain(keyOf('two2'));
  });
});

describe('Basic', () => {
  const shown = (user: string, password: string): AskOptions => ({
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, 'x-user': 'root' },
  });
  const url = 'http://basic.test/';

  test('a password is compared with bcrypt, and not forwarded', async () => {
    const answer = await feature.becomes(url, 200, shown('alice', 'opensesame'));
    expect(fieldsOf(answer.body)['x-user']).toBe('alice');
    expect(fieldsOf(answer.body)).not.toHaveProperty('authorization');
  });

  test.each([
    ['alice', 'closesesame'],
    ['mallory', 'opensesame'],
  ])('%s with %s is 401', async (user, password) => {
    const answer = await feature.ask(url, shown(user, password));
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="staff", charset="UTF-8"');
  });

  test('a file that breaks closes the route', async () => {
    await feature.folder.write('policies.yaml', manifests((server.address() as AddressInfo).port, 'alice:opensesame'));
    const answer = await feature.becomes(url, 500, shown('alice', 'opensesame'));
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'policy-invalid' });
    await feature.folder.write('policies.yaml', manifests((server.address() as AddressInfo).port));
    await feature.becomes(url, 200, shown('alice', 'opensesame'));
  });
});

test('who passes as anonymous and is asked by a rule is told what to show, by every method in force', async () => {
  const answer = await feature.becomes('http://mixed.test/', 401);
  expect(answer.headers['www-authenticate']).toBe('Basic realm="staff", charset="UTF-8", ApiKey realm="partners"');
  expect((await feature.becomes('http://ruled.test/', 403)).headers).not.toHaveProperty('www-authenticate');
  const headers = { authorization: `Basic ${Buffer.from('alice:opensesame').toString('base64')}` };
  await feature.becomes('http://mixed.test/', 200, { headers });
});

describe('introspection', () => {
  const url = 'http://opaque.test/';
  const shown = (token: string): AskOptions => ({ headers: { authorization: `Bearer ${token}` } });

  test('the authorization server is asked, as the gateway', async () => {
    await feature.becomes(url, 200, shown('opaque-1'));
    expect(asked.at(-1)).toBe(
      `Basic ${Buffer.from('gateway:s3cret').toString('base64')} token=opaque-1&token_type_hint=access_token`,
    );
    expect((await feature.ask(url, shown('made-up'))).status).toBe(401);
    expect((await feature.ask(url)).status).toBe(401);
  });

  test('a token that it does not know while the server is gone is 503', async () => {
    server.close();
    server.closeAllConnections();
    const answer = await feature.becomes(url, 503, shown('opaque-2'));
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'policy-unavailable' });
  });
});

function apiKey(name: string, ids: readonly string[], namespace = 'default'): string {
  const keys = ids.map((id) => `{ id: ${id}, hash: "${hashOfKey(keyOf(id))}" }`);
  return `apiVersion: gateway.suuupra.io/v1alpha1
kind: APIKey
metadata: { name: ${name}, namespace: ${namespace} }
spec: { subject: ${name}, keys: [${keys.join(', ')}] }
`;
}

function manifests(port: number, users = `alice:${hashSync('opensesame', 4)}`): string {
  const method = (name: string, methods: string) => withPolicies(name, `{ authentication: { methods: [${methods}] } }`);
  const staff = '{ name: staff, type: Basic, basic: { users: { name: secrets, key: users } } }';
  const partners = '{ name: partners, type: APIKey, apiKey: { selector: {} } }';
  const rules = "authorization: { rules: [{ name: alice, when: identity.subject == 'alice' }] }";
  const withPolicies = (name: string, policies: string) => `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: public }]
  hostnames: [${name}.test]
  rules: [{ backendRefs: [{ name: one, port: 8080 }] }]
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: gateway.suuupra.io, kind: GatewayRoute, name: ${name} }]
  policies: ${policies}
`;
  return `apiVersion: v1
kind: ConfigMap
metadata: { name: ca }
data: { ca.crt: ${JSON.stringify(certificate)} }
---
apiVersion: v1
kind: Secret
metadata: { name: secrets }
stringData: { users: "${users}", password: s3cret }
${method(
  'keys',
  '{ name: partners, type: APIKey, apiKey: { selector: {}, claimToHeaders: [{ header: X-Partner, claim: sub }] } }',
)}${method(
  'basic',
  '{ name: staff, type: Basic, basic: { users: { name: secrets, key: users }, claimToHeaders: [{ header: X-User, claim: sub }] } }',
)}${method(
  'opaque',
  `{ name: opaque, type: Introspection, introspection: { clientID: gateway, clientSecret: { name: secrets, key: password }, endpoint: { uri: "https://localhost:${port}/introspect", caCertificateRef: { name: ca } } } }`,
)}${withPolicies(
  'mixed',
  `{ authentication: { allowAnonymous: true, methods: [${staff}, ${partners}] }, ${rules} }`,
)}${withPolicies('ruled', `{ ${rules} }`)}`;
}
