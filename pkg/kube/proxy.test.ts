/** The API server behind a proxy that tunnels, as `proxy-url` of a kubeconfig says. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { serveApi } from '../testkit/apiserver-http.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { createKubeApi } from './client.ts';
import { loadCredentials } from './credentials.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A proxy that knows CONNECT alone, and what it was asked. */
async function startProxy(password: string | null = null) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(400).end());
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  server.on('connect', (request, client: Socket) => {
    asked.push(request.url ?? '');
    const wanted = `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
    if (password !== null && request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const server = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    for (const socket of [client, server]) socket.on('error', () => socket.destroy());
    sockets.add(server);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { asked, port: (server.address() as AddressInfo).port };
}

async function setUp(proxyUrl: string | null) {
  const server = new MemoryApiServer(knownCollections());
  const { 'exact-ecdsa': own } = testCertificates();
  const http = await serveApi(server, { cert: own.certificate, key: own.key });
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  const kubeconfig = join(folder, 'config');
  const cluster = {
    server: http.url,
    'certificate-authority-data': Buffer.from(own.certificate).toString('base64'),
    'tls-server-name': 'a.example',
    ...(proxyUrl !== null && { 'proxy-url': proxyUrl }),
  };
  const text = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfig, JSON.stringify(text));
  closing.push(
    () => rmSync(folder, { recursive: true }),
    async () => http.close(),
  );
  const open = () => {
    const api = createKubeApi({ credentials: loadCredentials({ kubeconfig, context: null }), userAgent: 'test' });
    closing.push(async () => api.close());
    return api;
  };
  return { server, http, open };
}

const path = '/api/v1/services';
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'one', namespace: 'shop' } };

test('requests and watches go through its tunnels, and the server is checked at their end', async () => {
  const proxy = await startProxy();
  const { server, http, open } = await setUp(`http://127.0.0.1:${proxy.port}`);
  const api = open();
  for (let i = 0; i < 10; i++) expect(await api.send({ method: 'GET', path })).toMatchObject({ items: [] });
  const life = new AbortController();
  const events = api.watch({ path, query: { resourceVersion: '100' }, signal: life.signal });
  const first = events[Symbol.asyncIterator]().next();
  await server.apply(service);
  expect(await first).toMatchObject({ value: { type: 'ADDED', object: { metadata: { name: 'one' } } } });
  life.abort();
  expect(new Set(proxy.asked)).toEqual(new Set([new URL(http.url).host]));
  // Ten requests on one connection.
  expect(proxy.asked.length).toBeLessThanOrEqual(2);
});

test('its name and password are given to it; without them it says no, and nobody goes past it', async () => {
  const proxy = await startProxy('s3cret');
  const { open } = await setUp(`http://me:s3cret@127.0.0.1:${proxy.port}`);
  expect(await open().send({ method: 'GET', path })).toMatchObject({ items: [] });
  const other = await setUp(`http://me:wrong@127.0.0.1:${proxy.port}`);
  await expect(other.open().send({ method: 'GET', path })).rejects.toMatchObject({
    name: 'KubeError',
    code: 0,
    message: expect.stringMatching(/407/),
  });
  expect(other.http.connections()).toBe(0);
});

test('a proxy that is away is an error like an API server that is away', async () => {
  const { open } = await setUp('http://127.0.0.1:1');
  await expect(open().send({ method: 'GET', path })).rejects.toMatchObject({ name: 'KubeError', code: 0 });
});

test.each(['socks5://127.0.0.1:1080', 'ftp://me:s3cret@127.0.0.1'])(
  '%s is refused in words, without its password',
  async (url) => {
    const { open } = await setUp(url);
    expect(open).toThrow('proxy-url of cluster "c": only http:// and https:// proxies can be used');
    expect(open).not.toThrow('s3cret');
  },
);

test('the proxy of the environment is not asked', async () => {
  const proxy = await startProxy();
  const { open } = await setUp(null);
  const former = process.env['HTTPS_PROXY'];
  closing.push(() => {
    if (former === undefined) delete process.env['HTTPS_PROXY'];
    else process.env['HTTPS_PROXY'] = former;
  });
  process.env['HTTPS_PROXY'] = `http://127.0.0.1:${proxy.port}`;
  expect(await open().send({ method: 'GET', path })).toMatchObject({ items: [] });
  expect(proxy.asked).toEqual([]);
});
