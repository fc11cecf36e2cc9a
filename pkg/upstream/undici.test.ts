import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { UpstreamTls } from '../ir/cluster.ts';
import { Timers } from '../proxy/timers.ts';
import { createHandleTransport } from '../proxy/transport-handle.ts';
import { reply } from '../testkit/origin.ts';
import { Receiver, TestRequest } from './attempt.testing.ts';
import { type Clusters, createClusters } from './clusters.ts';
import { clusterOf, LaneBench, noTelemetry } from './lane.testing.ts';
import { describeRequests } from './requests.suite.ts';
import { describeResponses } from './responses.suite.ts';
import { urisOf } from './tls.ts';
import { BodyChunked } from './upstream.ts';

describeResponses('undici', 'Undici', createHandleTransport);
describeRequests('undici', 'Undici', createHandleTransport);

describe('what undici cannot carry', () => {
  const bench = new LaneBench('Undici', createHandleTransport);

  test('Expect is answered by the gateway, and not sent', async () => {
    const origin = await bench.serve(() => reply('ok'));
    const got = bench.start(new TestRequest('POST /', ['Expect', '100-continue'], 3));
    await got.until(() => got.events.length > 0);
    expect(got.events).toEqual(['1xx 100']);
    got.stream!.write(Buffer.from('abc'), 0, 3, false);
    got.stream!.end(null);
    expect(await got.over()).toBe('end');
    expect([origin.requests[0]!.header('expect'), origin.requests[0]!.body.toString()]).toEqual([undefined, 'abc']);
  });

  test('`*` is 405', async () => {
    await bench.serve(() => reply('ok'));
    expect(await bench.start(new TestRequest('OPTIONS *')).over()).toBe('failure method-not-allowed');
    expect(bench.clusters.stats()[0]!.endpoints[0]!.load).toBe(0);
  });

  test('request trailers are dropped; those of the response come, but for forbidden ones', async () => {
    const origin = await bench.serve(
      () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\nSet-Cookie: a\r\n\r\n',
    );
    const got = bench.start(new TestRequest('POST /', [], BodyChunked));
    await origin.connection(0);
    got.stream!.write(Buffer.from('abc'), 0, 3, false);
    got.stream!.end(Buffer.from('X-Sum: 1\r\n'));
    expect(await got.over()).toBe('end X-T: 1;');
    expect(origin.requests[0]!.trailers).toEqual([]);
  });

  test('hop-by-hop fields of the caller are not sent twice', async () => {
    const origin = await bench.serve(() => reply('ok'));
    await bench.start(new TestRequest('GET /', ['Connection', 'keep-alive', 'TE', 'trailers', 'X-A', '1'])).over();
    const fields = origin.requests[0]!.fields.map(([name]) => name.toLowerCase());
    expect(fields.filter((name) => name === 'connection' || name === 'te')).toEqual(['connection']);
  });
});

describe('TLS to backends', () => {
  const pem = (name: string): string => readFileSync(new URL(`testdata/${name}.pem`, import.meta.url), 'utf8');
  const authorities = {
    'ConfigMap/shop/ca': pem('authority'),
    'ConfigMap/shop/garbage': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  };
  const certificates = {
    'Secret/shop/client': { certificate: pem('client'), key: pem('client.key') },
    'Secret/shop/garbage': { certificate: 'garbage', key: 'garbage' },
  };
  let timers: Timers;
  let clusters: Clusters;
  let server: Server;
  let seen: { readonly servername: string | false | null; readonly client: string | undefined }[];

  beforeEach(async () => {
    timers = new Timers();
    seen = [];
    clusters = createClusters({
      transport: createHandleTransport(timers),
      timers,
      random: () => 0,
      telemetry: noTelemetry,
      resolve: async () => ['127.0.0.1'],
      egress: { allowLoopback: true, deniedCIDRs: [], allowedHostnames: [] },
    });
    server = createTlsServer(
      {
        cert: pem('backend'),
        key: pem('backend.key'),
        ca: pem('authority'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (socket: TLSSocket) => {
        seen.push({
          servername: socket.servername,
          client: socket.getPeerCertificate()?.subject?.CN as string | undefined,
        });
        socket.on('error', () => {});
        socket.on('data', () => socket.write(reply('secure')));
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    await clusters.close();
    server.close();
    await once(server, 'close');
    timers.close();
  });

  const get = async (
    tls: Partial<UpstreamTls>,
    host = '127.0.0.1',
    port = (server.address() as AddressInfo).port,
  ): Promise<string> => {
    const full = { servername: 'backend.example.com', authorities: ['ConfigMap/shop/ca'], subjectAltNames: [], ...tls };
    const endpoints = [{ host, port, weight: 1, terminating: false }];
    clusters.update({ c: clusterOf(port, { tls: full, endpoints }) }, certificates, authorities);
    const receiver = new Receiver();
    receiver.stream = clusters.get('c')!.request(new TestRequest('GET /'), receiver, '');
    return (await receiver.over()) === 'end' ? receiver.body : receiver.events[0]!;
  };

  const untrusted = 'failure upstream-tls';

  test.each([
    ['the name and the authority fit', {}, 'secure'],
    ['a wildcard of the certificate', { servername: 'a.shop.example.com' }, 'secure'],
    ['another name', { servername: 'other.example.com' }, untrusted],
    ['the authorities of the system', { authorities: [] }, untrusted],
    ['an authority that is gone', { authorities: ['ConfigMap/shop/gone'] }, untrusted],
    [
      'a URI among the names',
      { servername: 'other.example.com', subjectAltNames: [{ kind: 'URI', value: 'spiffe://shop/backend' }] },
      'secure',
    ],
    ['another URI', { subjectAltNames: [{ kind: 'URI', value: 'spiffe://shop/evil' }] }, untrusted],
    [
      'a hostname among the names',
      { servername: 'x.example.com', subjectAltNames: [{ kind: 'Hostname', value: 'backend.example.com' }] },
      'secure',
    ],
    ['an authority that is no certificate', { authorities: ['ConfigMap/shop/garbage'] }, untrusted],
    ['a client certificate that is none', { clientCertificate: 'Secret/shop/garbage' }, untrusted],
    ['a client certificate that is gone', { clientCertificate: 'Secret/shop/gone' }, untrusted],
  ] as const)('%s', async (_, tls, expected) => {
    expect(await get(tls)).toBe(expected);
  });

  test('a backend that resets within the handshake has seen no request, and is no question of trust', async () => {
    const rude = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    rude.listen(0, '127.0.0.1');
    await once(rude, 'listening');
    const { port } = rude.address() as AddressInfo;
    expect(await get({}, '127.0.0.1', port)).toBe('failure connect-failed untouched');
    rude.close();
    await once(rude, 'close');
  });

  test('the server name is the cluster’s, not the Host, on one connection', async () => {
    for (let i = 0; i < 3; i++) {
      expect(await get({})).toBe('secure');
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(seen.map(({ servername }) => servername)).toEqual(['backend.example.com']);
  });

  test('shows its client certificate, and a named endpoint is resolved', async () => {
    expect(await get({ clientCertificate: 'Secret/shop/client' }, 'backend.internal.example')).toBe('secure');
    expect(seen[0]!.client).toBe('client');
  });

  test.each([
    ['DNS:a.example.com, URI:spiffe://x', ['spiffe://x']],
    ['URI:"spiffe://x\\", URI:spiffe://evil", DNS:b', ['spiffe://x", URI:spiffe://evil']],
    ['', []],
  ])('URIs of %s', (text, expected) => {
    expect(urisOf(text)).toEqual(expected);
  });
});

describe('unix sockets', () => {
  test.each(['Auto', 'Undici'] as const)('are dialled by lane %s', async (lane) => {
    const path = join(tmpdir(), `suuupra-upstream-${process.pid}-${lane}.sock`);
    const server = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write(reply('unix'))));
    server.listen(path);
    await once(server, 'listening');
    const timers = new Timers();
    const clusters = createClusters({
      transport: createHandleTransport(timers),
      timers,
      random: () => 0,
      telemetry: noTelemetry,
      resolve: async () => [],
    });
    const endpoints = [{ host: path, port: 0, weight: 1, terminating: false }];
    clusters.update({ c: clusterOf(0, { lane, endpoints }) }, {}, {});
    const receiver = new Receiver();
    receiver.stream = clusters.get('c')!.request(new TestRequest('GET /'), receiver, '');
    expect([await receiver.over(), receiver.body, receiver.stream.endpoint]).toEqual(['end', 'unix', path]);
    await clusters.close();
    timers.close();
    server.close();
    await rm(path, { force: true });
  });
});
