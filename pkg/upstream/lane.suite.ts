/** What every lane must do, against origins that are scripted byte by byte: run by `h1dispatcher.test.ts` and `undici.test.ts`. */
import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Cluster } from '../ir/cluster.ts';
import { Timers } from '../proxy/timers.ts';
import type { Transport } from '../proxy/transport.ts';
import { type Answer, createOrigin, type Origin, reply } from '../testkit/origin.ts';
import { Receiver, TestRequest } from './attempt.testing.ts';
import { type Clusters, createClusters } from './clusters.ts';
import { BodyChunked, BodyUntilEnd } from './upstream.ts';

export const noTelemetry = {
  exchange() {},
  connectionOpened() {},
  connectionClosed() {},
  limitHit() {},
  upstreamConnection() {},
  tunnel() {},
};

export function clusterOf(port: number, changes: Partial<Cluster> = {}): Cluster {
  return {
    name: 'shop/orders:8080',
    protocol: 'HTTP11',
    endpoints: [{ host: '127.0.0.1', port, weight: 1, terminating: false }],
    loadBalancer: 'RoundRobin',
    limits: { maxConnections: 64, maxPendingRequests: 16 },
    connectTimeout: 2000,
    idleTimeout: 30_000,
    maxLifetime: 0,
    lane: 'Auto',
    ...changes,
  };
}

/** What undici cannot carry is tested in `undici.test.ts`. */
export function describeLane(
  name: string,
  lane: Cluster['lane'],
  createTransport: (timers: Timers) => Transport,
): void {
  const fast = lane === 'Auto';

  describe(`the ${name} lane`, () => {
    let timers: Timers;
    let clusters: Clusters;
    let origins: Origin[];

    beforeEach(() => {
      origins = [];
      timers = new Timers();
      clusters = createClusters({
        transport: createTransport(timers),
        timers,
        random: () => 0,
        telemetry: noTelemetry,
        resolve: async () => [],
        egress: { allowLoopback: true, deniedCIDRs: [], allowedHostnames: [] },
      });
    });

    afterEach(async () => {
      await clusters.close();
      for (const origin of origins) await origin.close();
      timers.close();
    });

    const serve = async (answer?: Answer, changes: Partial<Cluster> = {}): Promise<Origin> => {
      const origin = await createOrigin(answer);
      origins.push(origin);
      clusters.update({ c: clusterOf(origin.port, { lane, ...changes }) }, {}, {});
      return origin;
    };

    const start = (request: TestRequest, receiver = new Receiver()): Receiver => {
      receiver.stream = clusters.get('c')!.request(request, receiver, '');
      return receiver;
    };

    const get = (target = '/'): Receiver => start(new TestRequest(`GET ${target}`));

    /** The origin answers the first request with exactly these bytes, and then ends the stream or not. */
    const answering = (bytes: string, end = false): Promise<Origin> =>
      serve((_, stream) => {
        stream.send(bytes);
        if (end) stream.finish();
        return null;
      });

    test('sends the head as given and hands the response on', async () => {
      const origin = await serve(() => reply('hello', 'X-A: 1', 'x-a: 2'));
      const got = start(new TestRequest('GET /a?b=1', ['X-Case', 'Kept', 'accept', '*/*']));
      expect(await got.over()).toBe('end');
      expect(got.events).toEqual(['head 200 5', 'end']);
      expect(got.fields).toEqual(['Content-Length: 5', 'X-A: 1', 'x-a: 2']);
      expect(got.body).toBe('hello');
      expect(got.flushes).toBeGreaterThan(0);
      expect(got.stream!.endpoint).toBe(`127.0.0.1:${origin.port}`);
      const [request] = origin.requests;
      expect(request!.startLine).toBe('GET /a?b=1 HTTP/1.1');
      expect(request!.header('host')).toBe('shop.example.com');
      expect(request!.fields).toContainEqual(['X-Case', 'Kept']);
    });

    test('uses a connection again', async () => {
      const origin = await serve(() => reply('x'));
      for (let i = 0; i < 5; i++) await get().over();
      // undici frees a connection a turn after the response, and meanwhile opens another.
      expect(origin.connections.length).toBeLessThanOrEqual(fast ? 1 : 2);
      expect(origin.requests).toHaveLength(5);
    });

    test.each([
      ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc', false, ['head 200 3', 'end'], 'abc'],
      ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', false, ['head 204 0', 'end'], ''],
      ['304 with a length', 'HTTP/1.1 304 NM\r\nContent-Length: 9\r\n\r\n', false, ['head 304 0', 'end'], ''],
      ['no reason', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n', false, ['head 200 0', 'end'], ''],
      [
        'chunks',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
        false,
        [`head 200 ${BodyChunked}`, 'end'],
        'abc',
      ],
      ['a body until the end', 'HTTP/1.1 200 OK\r\n\r\nabc', true, [`head 200 ${BodyUntilEnd}`, 'end'], 'abc'],
      [
        'early hints',
        'HTTP/1.1 103 EH\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na',
        false,
        ['1xx 103', 'head 200 1', 'end'],
        'a',
      ],
    ] as const)('reads %s', async (_, bytes, end, events, body) => {
      await answering(bytes, end);
      const got = get();
      await got.over();
      expect([got.events, got.body]).toEqual([events, body]);
    });

    test('reads a response in pieces of one byte', async () => {
      const bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\n\r\n';
      await serve(async (_, stream) => {
        for (const byte of bytes) {
          stream.send(byte);
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        return null;
      });
      const got = get();
      expect(await got.over()).toBe('end X-T: 1;');
      expect(got.body).toBe('ab');
    });

    test('HEAD has no body, whatever the length says', async () => {
      await answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
      const got = start(new TestRequest('HEAD /'));
      await got.over();
      expect(got.events).toEqual(['head 200 0', 'end']);
    });

    test.each([
      ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
      ['HTTP/1.1 with two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na'],
      ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      ['a control character in a value', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
      ['a space before the colon', 'HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n'],
      ['101 unasked', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
      ['a head without end', `HTTP/1.1 200 OK\r\n${`X-Long: ${'y'.repeat(90)}\r\n`.repeat(1000)}`],
    ])('refuses %s', async (_, bytes) => {
      await answering(bytes);
      const got = get();
      expect(await got.over()).toMatch(/^failure upstream-(?:invalid|reset)$/);
      expect(got.events).toHaveLength(1);
    });

    test('a broken chunk after the head fails the response', async () => {
      await answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n');
      expect(await get().over()).toMatch(/^failure upstream-(?:invalid|reset)$/);
    });

    test.each([
      ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
      ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc'],
      ['the head', 'HTTP/1.1 200 OK\r\nContent-'],
    ])('a response cut within %s is a failure', async (_, bytes) => {
      await answering(bytes, true);
      expect(await get().over()).toBe('failure upstream-reset');
    });

    test('bytes behind a response close the connection, and reach nobody', async () => {
      let count = 0;
      const origin = await serve(() =>
        count++ === 0 ? `${reply('one')}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil` : reply('two'),
      );
      const first = get();
      await first.over();
      const second = get();
      await second.over();
      expect([first.body, second.body]).toEqual(['one', 'two']);
      expect(origin.connections).toHaveLength(2);
    });

    test('`Connection: close` and HTTP/1.0 are not used again', async () => {
      const answers = [reply('a', 'Connection: close'), 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nb', reply('c')];
      const origin = await serve(() => answers.shift()!);
      for (let i = 0; i < 3; i++) expect(await get().over()).toBe('end');
      expect(origin.connections).toHaveLength(3);
    });

    test('a body with a length goes out', async () => {
      const origin = await serve(() => reply('ok'));
      const got = start(new TestRequest('POST /', [], 11));
      got.stream!.write(Buffer.from('xhello'), 1, 6, false);
      got.stream!.flush();
      got.stream!.write(Buffer.from(' world'), 0, 6, true);
      got.stream!.end(null);
      await got.over();
      expect(origin.requests[0]!.body.toString()).toBe('hello world');
      expect(origin.requests[0]!.header('content-length')).toBe('11');
    });

    test('a body of unknown length goes out in chunks', async () => {
      const origin = await serve(() => reply('ok'));
      const got = start(new TestRequest('POST /', [], BodyChunked));
      got.stream!.write(Buffer.from('one'), 0, 3, false);
      got.stream!.flush();
      await origin.connection(0);
      got.stream!.write(Buffer.from('two'), 0, 3, false);
      got.stream!.end(null);
      await got.over();
      expect(origin.requests[0]!.body.toString()).toBe('onetwo');
      // undici counts a body that is whole before it is connected.
      expect(origin.requests[0]!.header('transfer-encoding')).toBe(fast ? 'chunked' : undefined);
    });

    test('a large upload waits for the drain and arrives whole', async () => {
      const size = 8 * 1024 * 1024;
      let hash = 0;
      const origin = await serve((request) => {
        for (let i = 0; i < request.body.length; i += 4099) hash = (hash * 31 + request.body[i]!) % 1_000_003;
        return reply(String(request.body.length));
      });
      const got = start(new TestRequest('PUT /', [], size));
      const piece = Buffer.alloc(65_536, 'z');
      let sent = 0;
      let waits = 0;
      while (sent < size) {
        const drains = got.events.filter((event) => event === 'drain').length;
        sent += piece.length;
        if (got.stream!.write(piece, 0, piece.length, false)) continue;
        waits++;
        got.stream!.flush();
        await got.until(() => got.events.filter((event) => event === 'drain').length > drains);
      }
      got.stream!.end(null);
      await got.over();
      expect(got.body).toBe(String(size));
      expect(waits).toBeGreaterThan(0);
      expect(origin.requests).toHaveLength(1);
    });

    test('a large response waits while paused, in bounded memory', async () => {
      const size = 64 * 1024 * 1024;
      await serve((_, stream) => {
        stream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        const piece = Buffer.alloc(1024 * 1024, 'q');
        let sent = 0;
        const more = (): void => {
          while (sent < size) {
            sent += piece.length;
            if (!stream.socket.write(piece)) return;
          }
        };
        stream.socket.on('drain', more);
        more();
        return null;
      });
      const got = new Receiver();
      let longest = 0;
      got.data = (_bytes, from, to) => {
        longest = Math.max(longest, to - from);
        got.stream!.pause();
        setImmediate(() => got.stream!.resume());
      };
      start(new TestRequest('GET /'), got);
      expect(await got.over()).toBe('end');
      expect(got.bytes).toBe(size);
      expect(longest).toBeLessThanOrEqual(262_144);
    });

    test('an answer that comes while the client still uploads is passed on, and its connection is not used again', async () => {
      const origin = await serve();
      const got = start(new TestRequest('POST /', [], 1_000_000));
      got.stream!.write(Buffer.alloc(1000), 0, 1000, false);
      got.stream!.flush();
      const peer = await origin.connection(0);
      await peer.until(() => peer.received.length > 1000);
      peer.send('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig');
      expect(await got.over()).toBe('end');
      expect([got.status, got.body]).toEqual([413, 'big']);
      expect(got.stream!.write(Buffer.alloc(10), 0, 10, false)).toBe(true);
      await peer.end();
      expect(origin.connections).toHaveLength(1);
    });

    test('an abort closes the connection at once and is the last thing that happens', async () => {
      const origin = await serve();
      const got = get();
      const peer = await origin.connection(0);
      await peer.message();
      got.stream!.abort();
      await peer.end();
      peer.send(reply('late'));
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect(got.events).toEqual([]);
      expect(clusters.stats()[0]!.endpoints[0]!.load).toBe(0);
    });

    test('a refused connection is untouched', async () => {
      const origin = await serve();
      await origin.close();
      origins = [];
      expect(await get().over()).toBe('failure connect-failed untouched');
      expect(clusters.stats()[0]!.endpoints[0]!.load).toBe(0);
    });

    test.each([
      ['GET /', 'failure upstream-reset untouched'],
      ['POST /', 'failure upstream-reset'],
    ])('a fresh connection that dies without an answer: %s is %s', async (line, expected) => {
      await serve((_, stream) => {
        stream.close();
        return null;
      });
      expect(await start(new TestRequest(line)).over()).toBe(expected);
    });

    test('beyond the connections requests wait in order, and beyond the queue they are refused', async () => {
      const targets: string[] = [];
      let release = (): void => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      const origin = await serve(
        async ({ startLine }) => {
          targets.push(startLine.split(' ')[1]!);
          await gate;
          return reply('x');
        },
        { limits: { maxConnections: 1, maxPendingRequests: 2 } },
      );
      const all = ['/1', '/2', '/3', '/4'].map(get);
      expect(await all[3]!.over()).toBe('failure overloaded');
      release();
      expect(await Promise.all(all.slice(0, 3).map((each) => each.over()))).toEqual(['end', 'end', 'end']);
      expect([targets, origin.connections.length]).toEqual([['/1', '/2', '/3'], 1]);
      // The places are free again.
      const more = ['/5', '/6', '/7'].map(get);
      expect(await Promise.all(more.map((each) => each.over()))).toEqual(['end', 'end', 'end']);
    });

    test('a request that is given up while it waits frees its place', async () => {
      const targets: string[] = [];
      const served = await serve(
        ({ startLine }) => {
          targets.push(startLine.split(' ')[1]!);
          return reply('x');
        },
        { limits: { maxConnections: 1, maxPendingRequests: 1 } },
      );
      const first = get('/1');
      const second = get('/2');
      second.stream!.abort();
      const third = get('/3');
      expect([await first.over(), await third.over(), second.events]).toEqual(['end', 'end', []]);
      expect([targets, served.requests.length]).toEqual([['/1', '/3'], 2]);
    });

    test('an upgrade hands the connection over, with what came behind the head', async () => {
      const origin = await serve();
      const got = new Receiver();
      let text = '';
      let closed = (): void => {};
      const gone = new Promise<void>((resolve) => (closed = resolve));
      // At once, as the proxy does: bytes may follow in the same turn.
      got.upgraded = (connection, early) => {
        text = early?.toString('latin1') ?? '';
        connection.handler = {
          onData: (bytes, from, to) => {
            text += bytes.toString('latin1', from, to);
          },
          onEnd: () => connection.end(),
          onDrain() {},
          onClose: () => closed(),
        };
      };
      start(new TestRequest('GET /ws', [], 0, 'websocket'), got);
      const peer = await origin.connection(0);
      await peer.until(() => peer.received.includes('\r\n\r\n'));
      expect(peer.received.toString('latin1').toLowerCase()).toContain('\r\nupgrade: websocket\r\n');
      peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly');
      expect(await got.over()).toBe('upgrade 101');
      expect(got.fields).toContain('Upgrade: websocket');
      peer.received = Buffer.alloc(0);
      got.connection!.write(Buffer.from('ping'), 0, 4);
      expect((await peer.bytes(4)).toString()).toBe('ping');
      peer.send(' late');
      peer.finish();
      await gone;
      expect(text).toBe('early late');
    });

    test('a refused upgrade is a response', async () => {
      await answering('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      const got = start(new TestRequest('GET /ws', [], 0, 'websocket'));
      expect(await got.over()).toBe('end');
      expect([got.status, got.body]).toEqual([403, 'no']);
    });

    test('an address that the egress guard refuses is not dialled', async () => {
      const origin = await serve();
      clusters.setEgress({ allowLoopback: false, deniedCIDRs: [], allowedHostnames: [] });
      expect(await get().over()).toBe('failure egress-denied');
      expect(origin.connections).toHaveLength(0);
    });

    if (!fast) return;

    test('trailers go both ways, and 100 Continue comes through', async () => {
      const origin = await serve();
      const got = start(new TestRequest('POST /', ['Expect', '100-continue'], BodyChunked));
      got.stream!.flush();
      const peer = await origin.connection(0);
      await peer.until(() => peer.received.includes('100-continue\r\n'));
      peer.send('HTTP/1.1 100 Continue\r\n\r\n');
      await got.until(() => got.events.length > 0);
      got.stream!.write(Buffer.from('abc'), 0, 3, false);
      got.stream!.end(Buffer.from('X-Sum: 1\r\n'));
      const request = await peer.message();
      expect([request.body.toString(), request.trailers]).toEqual(['abc', [['X-Sum', '1']]]);
      peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: 2\r\n\r\n');
      expect(await got.over()).toBe('end X-T: 2;');
      expect(got.events[0]).toBe('1xx 100');
    });

    test('`OPTIONS *` is sent as it is', async () => {
      const origin = await serve(() => reply(''));
      await start(new TestRequest('OPTIONS *')).over();
      expect(origin.requests[0]!.startLine).toBe('OPTIONS * HTTP/1.1');
    });
  });
}
