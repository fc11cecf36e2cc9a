/** How a lane sends requests, waits, fails, ends and upgrades, against scripted origins: run on each lane by its test. */
import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import type { Cluster } from '../ir/cluster.ts';
import type { Timers } from '../proxy/timers.ts';
import type { Transport } from '../proxy/transport.ts';
import { reply } from '../testkit/origin.ts';
import { Receiver, TestRequest } from './attempt.testing.ts';
import { LaneBench } from './lane.testing.ts';
import { BodyChunked } from './upstream.ts';

export function describeRequests(
  name: string,
  lane: Cluster['lane'],
  createTransport: (timers: Timers) => Transport,
): void {
  describe(`requests of the ${name} lane`, () => {
    const bench = new LaneBench(lane, createTransport);

    test('a body with a length goes out', async () => {
      const origin = await bench.serve(() => reply('ok'));
      const got = bench.start(new TestRequest('POST /', [], 11));
      got.stream!.write(Buffer.from('xhello'), 1, 6, false);
      got.stream!.flush();
      got.stream!.write(Buffer.from(' world'), 0, 6, true);
      got.stream!.end(null);
      await got.over();
      expect(origin.requests[0]!.body.toString()).toBe('hello world');
      expect(origin.requests[0]!.header('content-length')).toBe('11');
    });

    test('a body of unknown length goes out in chunks', async () => {
      const origin = await bench.serve(() => reply('ok'));
      const got = bench.start(new TestRequest('POST /', [], BodyChunked));
      got.stream!.write(Buffer.from('one'), 0, 3, false);
      got.stream!.flush();
      await origin.connection(0);
      got.stream!.write(Buffer.from('two'), 0, 3, false);
      got.stream!.end(null);
      await got.over();
      expect(origin.requests[0]!.body.toString()).toBe('onetwo');
      // undici counts a body that is whole before it is connected.
      expect(origin.requests[0]!.header('transfer-encoding')).toBe(bench.fast ? 'chunked' : undefined);
    });

    test('a large upload waits for the drain and arrives whole', async () => {
      const size = 8 * 1024 * 1024;
      let hash = 0;
      const origin = await bench.serve((request) => {
        for (let i = 0; i < request.body.length; i += 4099) hash = (hash * 31 + request.body[i]!) % 1_000_003;
        return reply(String(request.body.length));
      });
      const got = bench.start(new TestRequest('PUT /', [], size));
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
      await bench.serve((_, stream) => {
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
      bench.start(new TestRequest('GET /'), got);
      expect(await got.over()).toBe('end');
      expect(got.bytes).toBe(size);
      expect(longest).toBeLessThanOrEqual(262_144);
    });

    test('an answer that comes while the client still uploads is passed on, and its connection is not used again', async () => {
      const origin = await bench.serve();
      const got = bench.start(new TestRequest('POST /', [], 1_000_000));
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
      const origin = await bench.serve();
      const got = bench.get();
      const peer = await origin.connection(0);
      await peer.message();
      got.stream!.abort();
      await peer.end();
      peer.send(reply('late'));
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect(got.events).toEqual([]);
      expect(bench.clusters.stats()[0]!.endpoints[0]!.load).toBe(0);
    });

    test('a refused connection is untouched', async () => {
      const origin = await bench.serve();
      await origin.close();
      expect(await bench.get().over()).toBe('failure connect-failed untouched');
      expect(bench.clusters.stats()[0]!.endpoints[0]!.load).toBe(0);
    });

    test.each([
      ['GET /', 'failure upstream-reset untouched'],
      ['POST /', 'failure upstream-reset'],
    ])('a fresh connection that dies without an answer: %s is %s', async (line, expected) => {
      await bench.serve((_, stream) => {
        stream.close();
        return null;
      });
      expect(await bench.start(new TestRequest(line)).over()).toBe(expected);
    });

    test('beyond the connections requests wait in order, and beyond the queue they are refused', async () => {
      const targets: string[] = [];
      let release = (): void => {};
      const gate = new Promise<void>((resolve) => (release = resolve));
      const origin = await bench.serve(
        async ({ startLine }) => {
          targets.push(startLine.split(' ')[1]!);
          await gate;
          return reply('x');
        },
        { limits: { maxConnections: 1, maxPendingRequests: 2 } },
      );
      const all = ['/1', '/2', '/3', '/4'].map((target) => bench.get(target));
      expect(await all[3]!.over()).toBe('failure overloaded');
      release();
      expect(await Promise.all(all.slice(0, 3).map((each) => each.over()))).toEqual(['end', 'end', 'end']);
      expect([targets, origin.connections.length]).toEqual([['/1', '/2', '/3'], 1]);
      // The places are free again.
      const more = ['/5', '/6', '/7'].map((target) => bench.get(target));
      expect(await Promise.all(more.map((each) => each.over()))).toEqual(['end', 'end', 'end']);
    });

    test('a request that is given up while it waits frees its place', async () => {
      const targets: string[] = [];
      const served = await bench.serve(
        ({ startLine }) => {
          targets.push(startLine.split(' ')[1]!);
          return reply('x');
        },
        { limits: { maxConnections: 1, maxPendingRequests: 1 } },
      );
      const first = bench.get('/1');
      const second = bench.get('/2');
      second.stream!.abort();
      const third = bench.get('/3');
      expect([await first.over(), await third.over(), second.events]).toEqual(['end', 'end', []]);
      expect([targets, served.requests.length]).toEqual([['/1', '/3'], 2]);
    });

    test('an upgrade hands the connection over, with what came behind the head', async () => {
      const origin = await bench.serve();
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
      bench.start(new TestRequest('GET /ws', [], 0, 'websocket'), got);
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
      await bench.answering('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      const got = bench.start(new TestRequest('GET /ws', [], 0, 'websocket'));
      expect(await got.over()).toBe('end');
      expect([got.status, got.body]).toEqual([403, 'no']);
    });

    test('an address that the egress guard refuses is not dialled', async () => {
      const origin = await bench.serve();
      bench.clusters.setEgress({ allowLoopback: false, deniedCIDRs: [], allowedHostnames: [] });
      expect(await bench.get().over()).toBe('failure egress-denied');
      expect(origin.connections).toHaveLength(0);
    });

    if (!bench.fast) return;

    test('trailers go both ways, and 100 Continue comes through', async () => {
      const origin = await bench.serve();
      const got = bench.start(new TestRequest('POST /', ['Expect', '100-continue'], BodyChunked));
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
      const origin = await bench.serve(() => reply(''));
      await bench.start(new TestRequest('OPTIONS *')).over();
      expect(origin.requests[0]!.startLine).toBe('OPTIONS * HTTP/1.1');
    });
  });
}
