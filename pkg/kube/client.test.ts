/** The transport against an API server behind real TLS on loopback. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { serveApi } from '../testkit/apiserver-http.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { type KubeApi, KubeError, type WatchEvent } from './api.ts';
import { createKubeApi } from './client.ts';
import type { Current } from './credentials.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function setUp({
  below = '',
  ...extra
}: {
  readonly silence?: number;
  readonly timeout?: number;
  readonly below?: string;
} = {}) {
  const server = new MemoryApiServer(knownCollections());
  const { 'exact-ecdsa': own } = testCertificates();
  const http = await serveApi(server, { cert: own.certificate, key: own.key });
  const tls = {
    ca: own.certificate,
    cert: undefined,
    key: undefined,
    servername: 'a.example',
    rejectUnauthorized: true,
  };
  const state: { current: Current; asked: number } = {
    current: { headers: { authorization: 'Bearer one' }, tls },
    asked: 0,
  };
  const api = createKubeApi({
    credentials: {
      server: http.url + below,
      namespace: 'default',
      proxy: null,
      current: async () => (state.asked++, state.current),
    },
    userAgent: 'test',
    ...extra,
  });
  closing.push(
    async () => http.close(),
    async () => api.close(),
  );
  return { server, http, api, state, tls };
}

const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: { ports: [{ port: 80 }] },
});
const services = '/api/v1/namespaces/shop/services';
const failureOf = async (api: KubeApi, path: string) => {
  const error = await api.send({ method: 'GET', path }).catch((reason: unknown) => reason);
  if (!(error instanceof KubeError)) throw new Error('it did not fail');
  return error;
};

describe('requests', () => {
  test('fifty of them use few connections, and say what the server says', async () => {
    const { server, http, api } = await setUp();
    await server.apply(service('one'));
    for (let i = 0; i < 50; i++) await api.send({ method: 'GET', path: `${services}/one` });
    expect(http.connections()).toBeLessThan(3);
    expect(await failureOf(api, `${services}/two`)).toMatchObject({ code: 404, reason: 'NotFound' });
  });

  test('ask for credentials each time: a token that rotates is used at once', async () => {
    const { server, http, api, state, tls } = await setUp();
    await server.apply(service('one'));
    http.token = 'two';
    expect(await failureOf(api, `${services}/one`)).toMatchObject({ code: 401 });
    state.current = { headers: { authorization: 'Bearer two' }, tls };
    expect(await api.send({ method: 'GET', path: `${services}/one` })).toMatchObject({ metadata: { name: 'one' } });
  });

  test('trust the authority of now, not the one of before', async () => {
    const { server, api, state, tls } = await setUp();
    await server.apply(service('one'));
    state.current = { headers: {}, tls: { ...tls, ca: testCertificates().default.certificate } };
    expect(await failureOf(api, `${services}/one`)).toMatchObject({ code: 0 });
    state.current = { headers: {}, tls };
    expect(await api.send({ method: 'GET', path: `${services}/one` })).toMatchObject({ kind: 'Service' });
  });

  test('go below the path of the server, where it has one', async () => {
    const { server, api } = await setUp({ below: '/k8s/clusters/c-1/' });
    await api.send({ method: 'GET', path: services }).catch(() => undefined);
    expect(server.requests).toEqual([`GET /k8s/clusters/c-1${services}`]);
  });

  test('say how long the server wants to be left alone', async () => {
    const { server, api } = await setUp();
    server.fault = () => new KubeError('too many requests', { code: 429, reason: 'TooManyRequests', retryAfter: 7 });
    expect(await failureOf(api, services)).toMatchObject({ code: 429, retryAfter: 7, message: 'too many requests' });
  });

  test('after none had an answer, the first that has one tells who waits', async () => {
    const { server, api, state, tls } = await setUp();
    await server.apply(service('one'));
    let returns = 0;
    const stop = api.onReturn?.(() => returns++);
    await api.send({ method: 'GET', path: `${services}/one` });
    expect(returns).toBe(0);
    for (const expected of [1, 2, 2]) {
      state.current = { headers: {}, tls: { ...tls, ca: testCertificates().default.certificate } };
      expect(await failureOf(api, `${services}/one`)).toMatchObject({ code: 0 });
      state.current = { headers: {}, tls };
      // That it is not found is an answer, too.
      expect(await failureOf(api, `${services}/two`)).toMatchObject({ code: 404 });
      await api.send({ method: 'GET', path: `${services}/one` });
      expect(returns).toBe(expected);
      if (expected === 2) stop?.();
    }
  });

  test('write: created, patched, removed', async () => {
    const { server, api } = await setUp();
    await api.send({ method: 'POST', path: services, body: service('one') });
    const patch = {
      method: 'PATCH',
      path: `${services}/one`,
      body: { spec: { type: 'ClusterIP' } },
      contentType: 'application/merge-patch+json',
    } as const;
    expect(await api.send(patch)).toMatchObject({ spec: { type: 'ClusterIP', ports: [{ port: 80 }] } });
    await api.send({ method: 'DELETE', path: `${services}/one` });
    expect(server.list('v1/services')).toEqual([]);
  });
});

describe('a watch', () => {
  async function take(events: AsyncIterable<WatchEvent>, count: number): Promise<string[]> {
    const taken: string[] = [];
    for await (const { type, object } of events) {
      taken.push(`${type} ${(object['metadata'] as { name: string }).name}`);
      if (taken.length === count) break;
    }
    return taken;
  }

  test('gives events as they come, until it is aborted', async () => {
    const { server, api } = await setUp();
    const life = new AbortController();
    const events = api.watch({ path: services, query: { resourceVersion: '100' }, signal: life.signal });
    const taken = take(events, 3);
    await server.apply(service('one'));
    await server.apply(service('ä'.repeat(3)));
    await server.remove(service('one'));
    expect(await taken).toEqual(['ADDED one', 'ADDED äää', 'DELETED one']);
    life.abort();
    const rest: string[] = await take(
      api.watch({ path: services, query: { resourceVersion: '100' }, signal: life.signal }),
      1,
    );
    expect(rest).toEqual([]);
  });

  test('that goes silent ends with an error: the connection may be half open', async () => {
    const { api } = await setUp({ silence: 200 });
    const ended = take(api.watch({ path: services, query: { resourceVersion: '100' } }), 1).catch(
      (error: unknown) => error,
    );
    expect(await ended).toMatchObject({ code: 0, message: expect.stringContaining('Timeout') });
  });

  test('that the server refuses says why', async () => {
    const { server, api } = await setUp();
    server.fault = () => new KubeError('gone', { code: 410, reason: 'Expired' });
    const ended = take(api.watch({ path: services, query: { resourceVersion: '1' } }), 1).catch(
      (error: unknown) => error,
    );
    expect(await ended).toMatchObject({ code: 410, reason: 'Expired' });
  });
});
