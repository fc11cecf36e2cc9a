/** Requests of the gateway's own, against scripted origins on both lanes. */
import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { createHandleTransport } from '../proxy/transport-handle.ts';
import { createSocketTransport } from '../proxy/transport-socket.ts';
import { reply } from '../testkit/origin.ts';
import { freePorts } from '../testkit/ports.ts';
import { type CallAnswer, type CallRequest, createCall } from './call.ts';
import { clusterOf, LaneBench } from './lane.testing.ts';

const request: CallRequest = {
  cluster: 'c',
  method: 'GET',
  path: '/check?a=1',
  authority: 'auth.example',
  headers: {},
  timeout: 5_000,
  maxBody: 1_000,
};

const text = ({ body }: CallAnswer): string => Buffer.from(body).toString();

describe.each([
  ['Auto', 'socket', createSocketTransport],
  ['Auto', 'handle', createHandleTransport],
  ['Undici', 'socket', createSocketTransport],
] as const)('by lane %s on the %s transport', (lane, _, createTransport) => {
  const bench = new LaneBench(lane, createTransport);
  const call = (change: Partial<CallRequest> = {}): Promise<CallAnswer> =>
    createCall({ clusters: bench.clusters, timers: bench.timers })({ ...request, ...change });
  /** Code and message of the failure. */
  const failure = (change: Partial<CallRequest> = {}): Promise<string> =>
    call(change).then(
      () => 'no failure',
      (error: Error & { code: string }) => error.code,
    );

  test('the whole answer, with every line of its fields', async () => {
    const origin = await bench.serve(() => reply('hello', 'Set-Cookie: a=1, x', 'X-A: b', 'set-cookie: c=2'));
    const answer = await call({ headers: { 'X-Custom': 'yes', host: 'other' } });
    expect([answer.status, text(answer)]).toEqual([200, 'hello']);
    expect(answer.headers.get('set-cookie')).toEqual(['a=1, x', 'c=2']);
    expect(answer.headers.get('x-a')).toEqual(['b']);
    const [got] = origin.requests;
    expect(got!.startLine).toBe('GET /check?a=1 HTTP/1.1');
    expect([got!.header('host'), got!.header('x-custom')]).toEqual(['auth.example', 'yes']);
    expect([got!.header('content-length'), got!.header('transfer-encoding')]).toEqual([undefined, undefined]);
  });

  test.each([0, 3, 100_000])('a body of %i bytes', async (length) => {
    const origin = await bench.serve(({ body }) => reply(String(body.length)));
    expect(text(await call({ method: 'POST', body: Buffer.alloc(length, 'x') }))).toBe(String(length));
    expect(origin.requests[0]!.header('content-length')).toBe(String(length));
  });

  test.each([
    ['chunks', 'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n', 403, 'no', false],
    ['the end', 'HTTP/1.1 200 OK\r\n\r\nuntil the end', 200, 'until the end', true],
    ['nothing', 'HTTP/1.1 204 No Content\r\n\r\n', 204, '', false],
    ['an interim answer before it', `HTTP/1.1 103 Early\r\nX: y\r\n\r\n${reply('ok')}`, 200, 'ok', false],
  ])('an answer with %s', async (_name, bytes, status, body, ends) => {
    await bench.answering(bytes, ends);
    const answer = await call();
    expect([answer.status, text(answer), answer.headers.has('x')]).toEqual([status, body, false]);
  });

  test('several at once, and connections are used again', async () => {
    const origin = await bench.serve(async ({ startLine }) => reply(startLine));
    for (let i = 0; i < 3; i++) await call();
    expect(origin.connections.length).toBeLessThan(3);
    const answers = await Promise.all(['/a', '/b', '/c'].map((path) => call({ path })));
    expect(answers.map(text)).toEqual(['GET /a HTTP/1.1', 'GET /b HTTP/1.1', 'GET /c HTTP/1.1']);
  });

  test.each([
    ['a length', `HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n`],
    ['chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n`],
  ])('an answer that is too long by %s is given up', async (_name, bytes) => {
    const origin = await bench.answering(bytes);
    expect(await failure()).toBe('upstream-invalid');
    await origin.connections[0]!.end();
  });

  test('one that is just not too long is taken', async () => {
    await bench.serve(() => reply('x'.repeat(1_000)));
    expect(text(await call())).toHaveLength(1_000);
  });

  test.each([
    ['says nothing', ''],
    ['stops in its head', 'HTTP/1.1 200 OK\r\nX'],
    ['stops in its body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc'],
  ])('a server that %s is given up in time', async (_name, bytes) => {
    const origin = await bench.answering(bytes);
    expect(await failure({ timeout: 50 })).toBe('upstream-timeout');
    await origin.connections[0]!.end();
  });

  test('a server that resets', async () => {
    await bench.serve((_request, stream) => {
      stream.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc');
      stream.reset();
      return null;
    });
    expect(await failure()).toBe('upstream-reset');
  });

  test('a server that is no HTTP', async () => {
    await bench.answering('SSH-2.0-x\r\n\r\n');
    expect(await failure()).toBe('upstream-invalid');
  });

  test('nobody there: after tries that no server has seen', async () => {
    bench.clusters.update({ c: clusterOf((await freePorts(1))[0]!, { lane }) }, {}, {});
    expect(await failure()).toBe('connect-failed');
  });

  test('an endpoint that is not there is passed over', async () => {
    const origin = await bench.serve(() => reply('ok'));
    const endpoints = [(await freePorts(1))[0]!, origin.port].map((port) => ({
      host: '127.0.0.1',
      port,
      weight: 1,
      terminating: false,
    }));
    bench.clusters.update({ c: clusterOf(1, { lane, endpoints }) }, {}, {});
    const body = Buffer.from('x');
    for (let i = 0; i < 4; i++) expect(text(await call({ method: 'POST', body }))).toBe('ok');
  });

  test('a cluster without endpoint, and none at all', async () => {
    bench.clusters.update({ c: clusterOf(1, { lane, endpoints: [] }) }, {}, {});
    expect(await failure()).toBe('no-endpoint');
    expect(await failure({ cluster: 'd' })).toBe('no-endpoint');
  });

  test('the egress guard holds for it', async () => {
    const origin = await bench.serve(() => reply('secret'));
    bench.clusters.setEgress({ allowLoopback: false, deniedCIDRs: [], allowedHostnames: [] });
    expect(await failure()).toBe('egress-denied');
    expect(origin.connections).toHaveLength(0);
  });

  test('an unasked 100 is passed over, or refused where undici reads it', async () => {
    await bench.answering(`HTTP/1.1 100 Continue\r\n\r\n${reply('ok')}`);
    const got = bench.fast ? text(await call()) : await failure();
    expect(got).toBe(bench.fast ? 'ok' : 'upstream-invalid');
  });

  test('what a server may have acted on is not sent again', async () => {
    let turn = 0;
    const origin = await bench.serve((_request, stream) => {
      if (turn++ === 0) return reply('first');
      stream.reset();
      return null;
    });
    const body = Buffer.from('x');
    await call({ method: 'POST', body });
    expect(await failure({ method: 'POST', body })).toBe('upstream-reset');
    expect(origin.requests).toHaveLength(2);
  });

  test('a signal gives it up, whether it comes before, or while the answer does', async () => {
    const asked = Promise.withResolvers<void>();
    const origin = await bench.serve((_request, stream) => {
      stream.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc');
      asked.resolve();
      return null;
    });
    expect(await failure({ signal: AbortSignal.abort() })).toBe('client-closed');
    expect(origin.connections).toHaveLength(0);
    const controller = new AbortController();
    const failed = failure({ signal: controller.signal });
    await asked.promise;
    controller.abort();
    expect(await failed).toBe('client-closed');
    await origin.connections[0]!.end();
  });

  test('nothing is left of one that is over', async () => {
    await bench.serve(() => reply('ok'));
    const before = bench.timers.size;
    const controller = new AbortController();
    await call({ signal: controller.signal, timeout: 100_000 });
    controller.abort();
    expect(bench.timers.size).toBeLessThanOrEqual(before + 1);
  });

  test.each([
    ['a method that is no token', { method: 'GET /' }],
    ['a path with a space', { path: '/a b' }],
    ['a path with a line end', { path: '/a\r\nX: y' }],
    ['a field value with a line end', { headers: { a: 'b\r\nX: y' } }],
    ['an authority with a line end', { authority: 'a\r\nX: y' }],
    ['a field that frames', { headers: { 'transfer-encoding': 'chunked' } }],
  ])('%s is refused before anything is sent', async (_name, change) => {
    const origin = await bench.serve(() => reply('ok'));
    expect(await failure(change)).toBe('internal');
    expect(origin.connections).toHaveLength(0);
  });
});
