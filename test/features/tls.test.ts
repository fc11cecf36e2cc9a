/** TLS through the real process: which certificate is served, and what becomes of it when the Secret is edited. */
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestCertificate, testCertificates } from '../../pkg/testkit/certificates.ts';
import { openTlsClient } from '../../pkg/testkit/client.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { gatewayClass, gatewayManifest, services } from './folder.ts';
import { until } from './until.ts';

const certificates = testCertificates();
let origin: Origin;
let feature: Feature;

const secret = (name: string, certificate: TestCertificate): string => {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  return `apiVersion: v1
kind: Secret
metadata: { name: ${name} }
type: kubernetes.io/tls
data:
  tls.crt: ${encoded(certificates[certificate].certificate)}
  tls.key: ${encoded(certificates[certificate].key)}
`;
};

const https = (name: string, hostname: string | null, secretName: string): string =>
  `{ name: ${name}, port: 443, protocol: HTTPS${hostname === null ? '' : `, hostname: "${hostname}"`}, tls: { certificateRefs: [{ name: ${secretName} }] } }`;

beforeAll(async () => {
  origin = await createEcho('one');
  const listeners = [
    https('exact', 'a.example', 'exact'),
    https('wildcard', '*.wild.example', 'wildcard'),
    https('any', null, 'default'),
    https('broken', 'broken.example', 'nowhere'),
  ];
  feature = await startFeature({
    'base.yaml': `${gatewayClass}---\n${gatewayManifest('public', `[${listeners.join(', ')}]`)}${services({ one: origin.port })}`,
    'exact.yaml': secret('exact', 'exact-ecdsa'),
    'secrets.yaml': `${secret('wildcard', 'wildcard')}---\n${secret('default', 'default')}`,
    'route.yaml': `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all }
spec: { parentRefs: [{ name: public }], rules: [{ backendRefs: [{ name: one, port: 8080 }] }] }
`,
  });
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
});

/** Names in the certificate that a client with this server name gets. */
async function namesFor(servername: string): Promise<string | undefined> {
  const client = await openTlsClient(feature.gateway.port(443), servername === '' ? {} : { servername });
  const names = (client.socket as TLSSocket).getPeerX509Certificate()?.subjectAltName;
  client.close();
  return names;
}

describe('the certificate', () => {
  test.each([
    ['a.example', 'DNS:a.example'],
    ['A.EXAMPLE', 'DNS:a.example'],
    ['x.wild.example', 'DNS:*.wild.example'],
    ['other.example', 'DNS:default.example'],
    ['', 'DNS:default.example'],
  ])('for server name "%s" is %s', async (servername, expected) => {
    expect(await namesFor(servername)).toBe(expected);
  });

  test('that is missing refuses its listener alone, and says so', async () => {
    await expect(namesFor('broken.example')).rejects.toThrow(/reset|hang up|alert|disconnected/i);
    expect(await feature.condition('Gateway', 'public', 'ResolvedRefs', 'broken')).toBe('False InvalidCertificateRef');
    expect(await feature.condition('Gateway', 'public', 'Programmed', 'broken')).toMatch(/^False /);
    expect(await feature.condition('Gateway', 'public', 'Programmed', 'exact')).toBe('True Programmed');
  });
});

test('a request for a host of another listener is misdirected', async () => {
  const client = await openTlsClient(feature.gateway.port(443), { servername: 'a.example' });
  client.send('GET / HTTP/1.1\r\nHost: x.wild.example\r\n\r\n');
  expect((await client.message()).startLine).toMatch(/^HTTP\/1\.1 421 /);
  client.close();
});

test('a new certificate is served at once; a connection that is open goes on with its own', async () => {
  const before = await openTlsClient(feature.gateway.port(443), { servername: 'a.example' });
  const serial = (socket: TLSSocket): string | undefined => socket.getPeerX509Certificate()?.serialNumber;
  const old = serial(before.socket as TLSSocket);
  await feature.folder.write('exact.yaml', secret('exact', 'rotated'));
  await until(async () => {
    const client = await openTlsClient(feature.gateway.port(443), { servername: 'a.example' });
    const now = serial(client.socket as TLSSocket);
    client.close();
    return now !== old;
  });
  before.send('GET /still HTTP/1.1\r\nHost: a.example\r\n\r\n');
  expect((await before.message()).startLine).toBe('HTTP/1.1 200 OK');
  before.close();
});

test('a Secret that breaks shuts its own name and no other', async () => {
  await feature.folder.write('exact.yaml', secret('exact', 'rotated').replace(/tls\.key: .*/, 'tls.key: bm8ga2V5'));
  await until(async () => (await feature.condition('Gateway', 'public', 'ResolvedRefs', 'exact'))?.startsWith('False'));
  await expect(namesFor('a.example')).rejects.toThrow(/reset|hang up|alert|disconnected/i);
  await expect(namesFor('x.wild.example')).resolves.toBe('DNS:*.wild.example');
});
