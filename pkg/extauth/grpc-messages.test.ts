/** What the real proxy of `grpc-service.test.ts` does not show: certificates, TLS, and answers beyond what a request can be made of. */
import { expect, test } from '@jest/globals';
import { createExchange } from '../testkit/exchange.ts';
import type { CheckResponse } from './ext-authz.ts';
import { readCheckResponse } from './grpc-answer.ts';
import { createAttributes } from './grpc-attributes.ts';

const certificate = {
  raw: Buffer.from('der'),
  subject: 'CN=ada',
  issuer: 'CN=ca',
  dnsNames: ['ada.test'],
  uris: ['spiffe://prod/ada'],
  emails: [],
  fingerprint: 'ab',
  serialNumber: '1',
};
const attributesOf = createAttributes({ protocol: 'GRPC', requestHeaders: [], contextExtensions: {} }, () => 1_500_250);

test.each([
  [{}, 'spiffe://prod/ada'],
  [{ uris: [] }, 'ada.test'],
  [{ uris: [], dnsNames: [] }, 'CN=ada'],
])('the principal of a certificate without %j is %s', (without, principal) => {
  const { exchange } = createExchange({ clientCertificate: { ...certificate, ...without } });
  expect(attributesOf(exchange, null).source).toMatchObject({
    principal,
    certificate: '-----BEGIN%20CERTIFICATE-----%0AZGVy%0A-----END%20CERTIFICATE-----%0A',
  });
});

test('TLS says the name that was asked for; the time has its fraction', () => {
  const { exchange } = createExchange({ scheme: 'https', host: 'app.test', listenerPort: 443 });
  expect(attributesOf(exchange, null)).toMatchObject({
    destination: { address: { socketAddress: { portValue: 443 } } },
    request: { time: { seconds: 1500n, nanos: 250_000_000 }, http: { scheme: 'https', host: 'app.test', headers: {} } },
    tlsSession: { sni: 'app.test' },
  });
});

const ok = (value: object): CheckResponse => ({
  status: { code: 0 },
  httpResponse: {
    case: 'okResponse',
    value: { headers: [], headersToRemove: [], responseHeadersToAdd: [], ...value },
  },
});
const option = (key: string, more: object = {}) => ({
  header: { key, value: 'v', rawValue: new Uint8Array() },
  appendAction: 0,
  ...more,
});

test('what frames a message, and the host, are not to be removed or written', () => {
  const names = ['Authorization', 'Host', ':path', 'Content-Length', 'transfer-encoding', 'Connection', 'a b', ''];
  expect(readCheckResponse(ok({ headersToRemove: names, headers: names.map((name) => option(name)) }))).toMatchObject({
    kind: 'allowed',
    remove: ['authorization'],
    set: [['Authorization', 'v']],
    add: [],
  });
});

test.each([
  [{}, 'set', 'add'],
  [{ append: { value: true } }, 'add', 'add'],
  [{ append: { value: false } }, 'set', 'set'],
  [{ appendAction: 1 }, 'set', 'set'],
  [{ appendAction: 2 }, 'set', 'set'],
  [{ appendAction: 3 }, 'set', 'set'],
] as const)('a field with %j is %s on requests, %s on responses', (more, request, response) => {
  const options = [option('x-a', more)];
  const lines = [['x-a', 'v']];
  expect(readCheckResponse(ok({ headers: options, responseHeadersToAdd: options }))).toMatchObject({
    set: [],
    add: [],
    [request]: lines,
    response: { set: [], add: [], [response]: lines },
  });
});

test('bytes of a value stand for it', () => {
  const header = { key: 'x-a', value: '', rawValue: Buffer.from('é') };
  expect(readCheckResponse(ok({ headers: [option('x-a', { header })] }))).toMatchObject({ set: [['x-a', 'Ã©']] });
});

test('what changes the answer to one client is not used again for others', () => {
  expect(readCheckResponse(ok({ responseHeadersToAdd: [option('set-cookie')] }))).toMatchObject({ reusable: 0 });
  expect(readCheckResponse(ok({}))).toMatchObject({ reusable: Number.POSITIVE_INFINITY });
});
