/** Client certificates through the real process: who the handshake has verified is who is asking, and nobody else. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { askingGateway } from './client-ca.ts';
import { createEcho, type Echoed } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { services } from './folder.ts';
import { until } from './until.ts';

const certificates = testCertificates();
const file = new URL('../../pkg/proxy/testdata/client-certificate.json', import.meta.url);
/** A CA, and a certificate of it: `CN=alice+UID=7`, DNS alice.example. */
const alice = JSON.parse(readFileSync(file, 'utf8')) as Record<'authority' | 'certificate' | 'key', string>;
const known = { cert: alice.certificate, key: alice.key };
const stranger = { cert: certificates.wildcard.certificate, key: certificates.wildcard.key };
const spoofed = { 'x-user': 'root', 'x-forwarded-client-cert': 'Hash=1' };

let origin: Origin;
let feature: Feature;
beforeAll(async () => {
  origin = await createEcho('one');
  feature = await startFeature({ 'all.yaml': manifests(origin.port) });
  await until(async () => (await ask('alice.test', known)).status === 200);
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
});

async function ask(host: string, identity: object): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  const outgoing = request({
    host: '127.0.0.1',
    port: feature.gateway.port(443),
    servername: host,
    headers: { host, ...spoofed },
    agent: false,
    rejectUnauthorized: false,
    ...identity,
  });
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  outgoing.end();
  return promise;
}

test('of a CA that the listener trusts says who is asking', async () => {
  const { fields } = JSON.parse((await ask('alice.test', known)).body) as Echoed;
  expect(fields['x-user']).toBe('alice');
  expect(fields['x-forwarded-client-cert']).toMatch(
    /^Hash=[0-9a-f]{64};Subject=".*CN=alice.*";URI=spiffe:\/\/example\.org\/ns/,
  );
});

test('that is not allowed is 403', async () => {
  expect((await ask('bob.test', known)).status).toBe(403);
});

test.each<[string, object]>([
  ['none', {}],
  // The listener lets it in, unverified: then it is no certificate.
  ['one that the listener does not trust', stranger],
])('%s is 401, or anonymous where that is allowed', async (_, identity) => {
  expect((await ask('alice.test', identity)).status).toBe(401);
  const { fields } = JSON.parse((await ask('anyone.test', identity)).body) as Echoed;
  expect(fields).not.toHaveProperty('x-user');
  expect(fields).not.toHaveProperty('x-forwarded-client-cert');
});

function manifests(port: number): string {
  const route = (name: string, allow: string, anonymous: boolean) => `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: public }]
  hostnames: [${name}.test]
  rules:
    - backendRefs: [{ name: one, port: 8080 }]
      policies:
        authentication:
          allowAnonymous: ${anonymous}
          methods:
            - name: mesh
              type: ClientCertificate
              clientCertificate:
                subjectFrom: CommonName
                allow: [{ type: DNS, value: ${allow} }]
                claimToHeaders: [{ header: X-User, claim: sub }]
                certificateHeaders: [{ header: X-Forwarded-Client-Cert, format: XFCC }]
`;
  return `${askingGateway(alice.authority)}${services({ one: port })}${route('alice', 'alice.example', false)}${route('bob', 'bob.example', false)}${route('anyone', '"*.example"', true)}`;
}
