/** TLS sessions that are resumed: who was not vouched for in the first handshake is nobody in the second, which verifies nothing. */
import { readFileSync } from 'node:fs';
import { connect, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import { createOrigin, type Origin, reply } from '../../pkg/testkit/origin.ts';
import { askingGateway } from '../features/client-ca.ts';
import { type Feature, startFeature } from '../features/feature.ts';
import { services } from '../features/folder.ts';
import { until } from '../features/until.ts';
import { gatewayRoute } from '../policies/guards.ts';

const certificates = testCertificates();
const file = new URL('../../pkg/proxy/testdata/client-certificate.json', import.meta.url);
/** A CA, and a certificate of it for `CN=alice`. */
const alice = JSON.parse(readFileSync(file, 'utf8')) as Record<'authority' | 'certificate' | 'key', string>;
const known = { cert: alice.certificate, key: alice.key };
const stranger = { cert: certificates.wildcard.certificate, key: certificates.wildcard.key };

let origin: Origin;
let feature: Feature;
beforeAll(async () => {
  origin = await createOrigin((message) => reply(message.header('x-user') ?? 'nobody'));
  feature = await startFeature({ 'all.yaml': manifests(origin.port) });
  await until(async () => (await visit(known, 'TLSv1.3')).answer === 'alice');
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
});

/** One connection and one request. @returns what was answered, and the last session that the gateway gave */
async function visit(identity: object, version: SecureVersion, host = 'a.test', session?: Buffer) {
  const socket = connect({
    port: feature.gateway.port(443),
    servername: host,
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
    ...(session !== undefined && { session }),
    ...identity,
  });
  let last: Buffer | undefined;
  let text = '';
  let resumed = false;
  socket.on('secureConnect', () => (resumed = socket.isSessionReused()));
  socket.on('session', (next) => (last = next));
  socket.on('data', (bytes: Buffer) => (text += String(bytes)));
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
  const [, status = '', body = ''] = /^HTTP\/1.1 (\d+)[^]*?\r\n\r\n([^]*)$/.exec(text) ?? [];
  return { answer: status === '200' ? body : status, session: last, resumed };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  test.each<[string, object, string, string]>([
    ['a certificate of a trusted CA', known, 'a.test', 'alice'],
    ['a certificate of nobody that is trusted', stranger, 'a.test', '401'],
    ['no certificate', {}, 'a.test', '401'],
    ['a certificate of nobody that is trusted, where anonymous is allowed', stranger, 'any.test', 'nobody'],
    ['no certificate, where anonymous is allowed', {}, 'any.test', 'nobody'],
  ])('%s', async (_, identity, host, expected) => {
    const first = await visit(identity, version, host);
    expect(first.answer).toBe(expected);
    for (const again of [identity, {}, stranger]) {
      const second = await visit(again, version, host, first.session);
      expect([second.resumed, second.answer]).toEqual([true, expected]);
    }
  });
});

function manifests(port: number): string {
  const route = (name: string, allowAnonymous: boolean) => {
    const clientCertificate = { subjectFrom: 'CommonName', claimToHeaders: [{ header: 'X-User', claim: 'sub' }] };
    const methods = [{ name: 'mesh', type: 'ClientCertificate', clientCertificate }];
    const policies = { authentication: { allowAnonymous, methods } };
    return gatewayRoute(name, [`${name}.test`], [{ backendRefs: [{ name: 'one', port: 8080 }], policies }]);
  };
  return `${askingGateway(alice.authority)}${services({ one: port })}${route('a', false)}${route('any', true)}`;
}
