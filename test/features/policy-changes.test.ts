/**
 * Policies that change while exchanges wait for a filter's promise, through the real process: each exchange ends by the rules that it began
 * with, the next one on its connection by the new ones, and nothing hangs or stays behind.
 */

import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type GrpcService, startGrpcService } from '../../pkg/extauth/grpc-service.testing.ts';
import { type HttpService, startHttpService } from '../../pkg/extauth/http-service.testing.ts';
import { ec, jwkOf, rsa, token } from '../../pkg/policy/authentication/tokens.testing.ts';
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import { openClient } from '../../pkg/testkit/client.ts';
import type { Message } from '../../pkg/testkit/message.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import type { RawStream } from '../../pkg/testkit/stream.ts';
import { gatewayRoute, policyManifest, routeTarget } from '../policies/guards.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { baseManifests } from './folder.ts';
import { until } from './until.ts';

const { certificate, key: privateKey } = testCertificates().localhost;
let origin: Origin;
let sso: HttpService;
let opa: GrpcService;
let issuer: Server;
let feature: Feature;
/** What the services hold back until a test lets it go. */
const held: { sso: ServerResponse[]; opa: ((answer: object) => void)[]; issuer: ServerResponse[] } = {
  sso: [],
  opa: [],
  issuer: [],
};

beforeEach(() => {
  sso.answer = (_, response) => void held.sso.push(response);
});
beforeAll(async () => {
  origin = await createEcho('one');
  sso = await startHttpService();
  opa = await startGrpcService(() => new Promise<object>((resolve) => void held.opa.push(resolve)));
  issuer = createServer({ cert: certificate, key: privateKey }, (_, response) => void held.issuer.push(response));
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const ports = { one: origin.port, other: origin.port, sso: sso.port, opa: opa.port };
  feature = await startFeature({ 'base.yaml': baseManifests(ports) + authority, 'route.yaml': route }, { workers: 1 });
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
  await sso.close();
  opa.close();
  issuer.close();
  issuer.closeAllConnections();
});
afterEach(async () => {
  for (const kind of [held.sso, held.issuer]) for (const response of kind.splice(0)) response.destroy();
  for (const resolve of held.opa.splice(0)) resolve({ status: { code: 7 } });
  await feature.folder.write('route.yaml', route);
});

const authority = `---\n${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ca' }, data: { 'ca.crt': certificate } })}\n`;
const route = gatewayRoute('a', ['a.test'], [{ backendRefs: [{ name: 'one', port: 8080 }] }]);

type Policies = Readonly<Record<string, object>>;
let edits = 0;

/** Each edit is a new set of filters for the whole worker, since the rule that tells when it is in force changes, too. */
async function put(policies: Policies): Promise<void> {
  const mark = String(++edits);
  const marked = { responseHeaders: { set: [{ name: 'X-Mark', value: mark }] } };
  const marker =
    gatewayRoute('mark', ['mark.test'], [{ backendRefs: [{ name: 'other', port: 8080 }] }]) +
    policyManifest('mark', { targetRefs: [routeTarget('mark')], policies: marked });
  // A document that vanishes is waited for; a policy of another target is gone with the same edit.
  const none = Object.keys(policies).length === 0;
  const spec = { targetRefs: [routeTarget(none ? 'elsewhere' : 'a')], policies: none ? nobody : policies };
  await feature.folder.write('policies.yaml', marker + policyManifest('a', spec));
  await until(async () => (await feature.ask('http://mark.test/')).headers['x-mark'] === mark);
}

const dressed = (rules: string): Policies => ({ responseHeaders: { set: [{ name: 'X-Rules', value: rules }] } });
const external = (protocol: string, name: string, how: object = {}) => ({
  authentication: {
    methods: [{ name, type: 'ExternalAuth', externalAuth: { protocol, backendRef: { name, port: 8080 }, ...how } }],
  },
});
const http = { http: { path: '/check', allowedResponseHeaders: ['X-User'] } };
const jwtOf = (uri: string): Policies => ({
  authentication: {
    methods: [{ name: 'corp', type: 'JWT', jwt: { remoteJWKS: { uri, caCertificateRef: { name: 'ca' } } } }],
  },
});
const nobody: Policies = { ipAccess: { deny: ['127.0.0.0/8', '::1/128'] } };

const get = (fields = ''): string => `GET /orders HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`;
const statusOf = ({ startLine }: Message): number => Number(startLine.split(' ')[1]);
/** Status and rules that dressed the answer. */
const outcome = (message: Message): string => `${statusOf(message)} ${message.header('x-rules')}`;

/** @returns the connection, once `arrived` says that the request waits */
async function begin(request: string, arrived: () => boolean): Promise<RawStream> {
  const client = await openClient(feature.gateway.port(80));
  client.send(request);
  await until(async () => arrived());
  return client;
}

/** What the rules become, one edit after the other, and what the next request gets by the last of them. */
const changes: readonly (readonly [name: string, edits: readonly Policies[], next: string])[] = [
  ['taken away', [{}], '200 undefined'],
  ['taken away, with another edit behind it', [{}, {}, {}], '200 undefined'],
  ['replaced by one of another kind', [{ ...jwtOf('https://localhost:1/keys'), ...dressed('new') }], '401 new'],
  ['followed by a stricter one', [{ ...external('HTTP', 'sso', http), ...nobody, ...dressed('new') }], '403 new'],
  ['replaced, and replaced again', [nobody, dressed('between'), { ...nobody, ...dressed('new') }], '403 new'],
  ['replaced by one that cannot be built', [{ ...external('HTTP', 'absent', http), ...dressed('new') }], '500 new'],
];

describe.each(changes)('a policy that is %s', (_, edits, next) => {
  const verdicts = [
    ['lets pass', 200],
    ['refuses', 403],
    ['breaks off', 503],
  ] as const;

  test.each(verdicts)('while a service over HTTP thinks, which then %s', async (_, status) => {
    await put({ ...external('HTTP', 'sso', http), ...dressed('old') });
    const before = origin.requests.length;
    const client = await begin(get('X-User: root\r\n'), () => held.sso.length === 1);
    for (const policies of edits) await put(policies);
    const [response] = held.sso.splice(0);
    // What was sent on a connection that was used before is sent once more.
    if (status === 503) sso.answer = (_, again) => void again.destroy();
    if (status === 503) response?.destroy();
    else response?.writeHead(status, { 'x-user': 'ada' }).end();
    expect(outcome(await client.message())).toBe(`${status} old`);
    const reached = origin.requests.slice(before).filter((message) => message.header('host') === 'a.test');
    expect(reached.map((message) => message.header('x-user'))).toEqual(status === 200 ? ['ada'] : []);
    client.send(get());
    expect(outcome(await client.message())).toBe(next);
    client.close();
  });

  test('while a service over gRPC thinks', async () => {
    await put({ ...external('GRPC', 'opa'), ...dressed('old') });
    const client = await begin(get(), () => held.opa.length === 1);
    const refused = await begin(get(), () => held.opa.length === 2);
    for (const policies of edits) await put(policies);
    const [pass, refuse] = held.opa.splice(0);
    pass?.({ status: { code: 0 } });
    refuse?.({ status: { code: 7 } });
    expect(outcome(await client.message())).toBe('200 old');
    expect(outcome(await refused.message())).toBe('403 old');
    client.close();
    refused.close();
  });

  test.each([
    ['matches', '{"count":1}', 200],
    ['does not match', '{"count":0}', 400],
  ])('while a body is validated, which then %s', async (_, body, status) => {
    const inline = JSON.stringify({ type: 'object', properties: { count: { minimum: 1 } } });
    await put({ validation: { schema: { type: 'Inline', inline } }, ...dressed('old') });
    const before = origin.requests.length;
    const fields = `Host: a.test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const client = await openClient(feature.gateway.port(80));
    client.send(`POST /orders HTTP/1.1\r\n${fields}Expect: 100-continue\r\n\r\n`);
    // So the filter reads.
    expect(statusOf(await client.message())).toBe(100);
    client.send(body.slice(0, 5));
    for (const policies of edits) await put(policies);
    client.send(body.slice(5));
    expect(outcome(await client.message())).toBe(`${status} old`);
    const reached = origin.requests.slice(before).filter((message) => message.header('host') === 'a.test');
    expect(reached.map((message) => String(message.body))).toEqual(status === 200 ? [body] : []);
    client.close();
  });
});

describe('keys that are not there yet', () => {
  const uri = () => `https://localhost:${(issuer.address() as AddressInfo).port}/keys/${edits}`;
  const bearer = (key = rsa.privateKey, algorithm = 'RS256') => {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    return `Authorization: Bearer ${token({ alg: algorithm, kid: 'a' }, { sub: 'ada', exp }, algorithm, key)}\r\n`;
  };

  test.each(changes.slice(0, 5))('of a policy that is %s: who waits for them is judged by them', async (_, edits) => {
    await put({ ...jwtOf(uri()), ...dressed('old') });
    const good = await begin(get(bearer()), () => held.issuer.length === 1);
    const forged = await begin(get(bearer(ec.privateKey, 'ES256')), () => true);
    for (const policies of edits) await put(policies);
    const keys = JSON.stringify({ keys: [jwkOf(rsa, { kid: 'a' })] });
    for (const response of held.issuer.splice(0)) response.end(keys);
    expect(outcome(await good.message())).toBe('200 old');
    expect(outcome(await forged.message())).toBe('401 old');
    good.close();
    forged.close();
  });
});

describe('what a waiting exchange needs goes away', () => {
  const gone = [
    ['its route', () => ''],
    ['the backend of its route', () => route.replaceAll('"one"', '"absent"')],
    ['the host of its route', () => route.replaceAll('a.test', 'other.test')],
  ] as const;

  test.each(gone)('%s', async (_, edited) => {
    await put({ ...external('HTTP', 'sso', http), ...dressed('old') });
    const clients = await Promise.all([1, 2].map(() => begin(get(), () => held.sso.length === 2)));
    await feature.folder.write('route.yaml', edited());
    if (edited() === '') await until(async () => (await feature.condition('GatewayRoute', 'a', 'Accepted')) === null);
    await put({});
    await put({});
    const [pass, refuse] = held.sso.splice(0);
    pass?.end();
    refuse?.writeHead(403).end();
    const outcomes = await Promise.all(clients.map(async (client) => outcome(await client.message())));
    expect(outcomes.toSorted()).toEqual(['200 old', '403 old']);
    clients[0]?.send(get());
    expect(statusOf(await clients[0]!.message())).not.toBe(200);
    for (const client of clients) client.close();
  });

  test('a second service, not asked yet: it is, by the rules of the beginning', async () => {
    const both = { ...external('HTTP', 'sso', http).authentication, require: 'All' };
    const [second] = external('GRPC', 'opa')['authentication'].methods;
    await put({ authentication: { ...both, methods: [...both.methods, second] }, ...dressed('old') });
    const client = await begin(get(), () => held.sso.length === 1);
    await put({});
    await put({});
    held.sso.splice(0)[0]?.end();
    await until(async () => held.opa.length === 1);
    held.opa.splice(0)[0]?.({ status: { code: 7 } });
    expect(outcome(await client.message())).toBe('403 old');
    client.close();
  });

  test('the service, which never answers: its time runs on', async () => {
    await put({ ...external('HTTP', 'sso', { ...http, timeout: '1s' }), ...dressed('old') });
    const before = origin.requests.length;
    const client = await begin(get(), () => held.sso.length === 1);
    await put({});
    await put({});
    expect(outcome(await client.message())).toBe('503 old');
    expect(origin.requests.slice(before).filter((message) => message.header('host') === 'a.test')).toEqual([]);
    client.close();
  });
});

test('requests that share one question share its answer, however many edits come between', async () => {
  const cache = { headers: ['X-Key'], ttl: '1m' };
  await put({ ...external('HTTP', 'sso', { ...http, cache }), ...dressed('old') });
  const clients = await Promise.all([1, 2, 3].map(() => begin(get('X-Key: a\r\n'), () => held.sso.length > 0)));
  await put({ ...external('HTTP', 'sso', http), ...dressed('between') });
  await put(nobody);
  expect(held.sso).toHaveLength(1);
  held.sso.splice(0)[0]?.end();
  const outcomes = await Promise.all(clients.map(async (client) => outcome(await client.message())));
  expect(outcomes).toEqual(['200 old', '200 old', '200 old']);
  for (const client of clients) client.close();
});

test('clients that leave while rules come and go leave nothing behind', async () => {
  const open = async () =>
    Number(/^suuupra_connections_open\S* (\d+)$/m.exec(await feature.gateway.page('/metrics'))?.[1]);
  await put({});
  await until(async () => (await open()) === 0);
  for (let round = 0; round < 8; round++) {
    await put({ ...external('HTTP', 'sso', { ...http, timeout: '30s' }), ...dressed(`round ${round}`) });
    const clients = await Promise.all(Array.from({ length: 20 }, () => begin(get(), () => held.sso.length === 20)));
    await put(round % 2 === 0 ? {} : nobody);
    await put(dressed('between'));
    for (const client of clients) client.reset();
    await until(async () => (await open()) === 0);
    // Nobody waits for these answers: the connections on which they were asked for end with them.
    await until(async () => (await sso.connections()) === 0);
    held.sso.length = 0;
  }
  const bugs = feature.gateway
    .stderr()
    .split('\n')
    .filter((line) => line.includes('"level":"error"'));
  expect(bugs).toEqual([]);
});
