/** JSON Web Tokens through the real process, with keys from a real issuer over HTTPS: shared by all workers, and gone. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ec, jwkOf, rsa, token } from '../../pkg/policy/authentication/tokens.testing.ts';
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import { createOrigin, type Origin, reply } from '../../pkg/testkit/origin.ts';
import { createEcho, type Echoed } from './echo.ts';
import { type AskOptions, type Feature, startFeature } from './feature.ts';
import { baseManifests } from './folder.ts';
import { until } from './until.ts';

const { certificate, key } = testCertificates().localhost;
const issuer = { keys: [jwkOf(rsa, { kid: 'a' })] as readonly object[], asked: 0 };
/** Of the Services that serve keys, by path. */
const served = new Map<string, number>();
let server: Server;
let origin: Origin;
let keys: Origin;
let feature: Feature;
let address: string;

beforeAll(async () => {
  server = createServer({ cert: certificate, key }, (_, response) => {
    issuer.asked++;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: issuer.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `https://localhost:${(server.address() as AddressInfo).port}`;
  origin = await createEcho('one');
  // A Service of the cluster, over http.
  keys = await createOrigin(({ startLine }) => {
    const path = startLine.split(' ', 2)[1] ?? '';
    served.set(path, (served.get(path) ?? 0) + 1);
    if (path === '/endless') return reply(JSON.stringify({ keys: issuer.keys, more: 'x'.repeat(10_000_000) }));
    return reply(path === '/realm/certs' ? JSON.stringify({ keys: issuer.keys }) : 'no');
  });
  feature = await startFeature(
    {
      'base.yaml': baseManifests({ one: origin.port, keys: keys.port, huge: keys.port }),
      'policy.yaml': manifests(address),
    },
    { workers: 2 },
  );
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
  await keys.close();
  server.close();
  server.closeAllConnections();
});

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
const tokenOf = (more: object = {}, header: object = {}, key = rsa.privateKey, algorithm = 'RS256') =>
  token(
    { alg: algorithm, kid: 'a', ...header },
    { iss: address, sub: 'ada', exp: inAnHour(), ...more },
    algorithm,
    key,
  );
const withToken = (text: string, headers: object = {}): AskOptions => ({
  headers: { authorization: `Bearer ${text}`, ...headers },
});

test('a good token passes, and the backend learns who it is', async () => {
  const answer = await feature.becomes('http://a.test/', 200, withToken(tokenOf(), { 'x-user': 'root' }));
  const { fields } = JSON.parse(answer.body) as Echoed;
  expect(fields['x-user']).toBe('ada');
  expect(fields).not.toHaveProperty('authorization');
});

test.each<[string, () => AskOptions]>([
  ['no token', () => ({})],
  ['an old token', () => withToken(tokenOf({ exp: 1 }))],
  ['a forged one', () => withToken(tokenOf({}, {}, ec.privateKey, 'ES256'))],
  ['one of another issuer', () => withToken(tokenOf({ iss: 'https://evil.test' }))],
])('%s is 401 with a challenge, and no request goes on', async (_, options) => {
  const answer = await feature.ask('http://a.test/', options());
  expect(answer.status).toBe(401);
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="corp"/);
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'unauthenticated' });
});

test('the issuer is asked once for all workers, whatever they are asked', async () => {
  await Promise.all(Array.from({ length: 40 }, () => feature.ask('http://a.test/', withToken(tokenOf()))));
  expect(issuer.asked).toBe(1);
});

test('keys of a Service are fetched once for all workers, and metrics tell how old they are', async () => {
  const options = withToken(tokenOf({ iss: 'keycloak' }));
  await feature.becomes('http://c.test/', 200, options);
  const answers = await Promise.all(Array.from({ length: 20 }, () => feature.ask('http://c.test/', options)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect((await feature.ask('http://c.test/', withToken(tokenOf({ iss: 'keycloak' }, {}, ec.privateKey)))).status).toBe(
    401,
  );
  expect(served.get('/realm/certs')).toBe(1);
  const metrics = await feature.gateway.page('/metrics');
  expect(metrics).toMatch(/^suuupra_jwks_age_seconds\{source="Service\/default\/keys:8080"\} \d/m);
  expect(metrics).toContain('suuupra_jwks_available{source="Service/default/keys:8080"} 1');
});

test('a key set of a Service that is too long is none: 503, and a metric and the log say so', async () => {
  await feature.becomes('http://d.test/', 503, withToken(tokenOf({ iss: 'endless' })));
  const failures = await until(async () => {
    const text = await feature.gateway.page('/metrics');
    return /^suuupra_jwks_fetch_failures_total\{source="Service\/default\/huge:8080"\} (\d+)$/m.exec(text)?.[1];
  });
  expect(Number(failures)).toBeGreaterThan(0);
  await feature.gateway.said(/huge:8080 is longer than 1048576 bytes.*there is nothing to decide by/);
});

test('keys that are nowhere to be had: 503', async () => {
  const answer = await feature.becomes('http://b.test/', 503, withToken(tokenOf({ iss: 'https://localhost:1' })));
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'policy-unavailable' });
  expect(answer.headers['retry-after']).toBe('1');
});

test('a token of one route is known while the issuer is gone', async () => {
  const known = tokenOf({ sub: 'known' });
  expect((await feature.ask('http://a.test/', withToken(known))).status).toBe(200);
  server.close();
  server.closeAllConnections();
  expect((await feature.ask('http://a.test/', withToken(known))).status).toBe(200);
  // So is the key: of a token that nobody has seen, too.
  expect((await feature.ask('http://a.test/', withToken(tokenOf({ sub: 'new' })))).status).toBe(200);
});

function manifests(address: string): string {
  const route = (name: string) => `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: public }]
  hostnames: [${name}.test]
  rules: [{ backendRefs: [{ name: one, port: 8080 }] }]
`;
  const fetched = (uri: string) => `{ uri: "${uri}/jwks", caCertificateRef: { name: ca } }`;
  const policy = (name: string, issuer: string, remoteJWKS: string) => `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: gateway.suuupra.io, kind: GatewayRoute, name: ${name} }]
  policies:
    authentication:
      methods:
        - name: corp
          type: JWT
          jwt:
            issuer: ${issuer}
            remoteJWKS: ${remoteJWKS}
            forward: Strip
            claimToHeaders: [{ header: X-User, claim: sub }]
`;
  return `apiVersion: v1
kind: ConfigMap
metadata: { name: ca }
data: { ca.crt: ${JSON.stringify(certificate)} }
${route('a')}${policy('a', address, fetched(address))}${route('b')}${policy('b', 'https://localhost:1', fetched('https://localhost:1'))}${route('c')}${policy('c', 'keycloak', '{ backendRef: { kind: Service, name: keys, port: 8080 }, path: /realm/certs }')}${route('d')}${policy('d', 'endless', '{ backendRef: { kind: Service, name: huge, port: 8080 }, path: /endless }')}`;
}
