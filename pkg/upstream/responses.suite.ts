/** How a lane reads responses, against origins that are scripted byte by byte: run on each lane by its test. */
import { describe, expect, test } from '@jest/globals';
import type { Cluster } from '../ir/cluster.ts';
import type { Timers } from '../proxy/timers.ts';
import type { Transport } from '../proxy/transport.ts';
import { reply } from '../testkit/origin.ts';
import { TestRequest } from './attempt.testing.ts';
import { LaneBench } from './lane.testing.ts';
import { BodyChunked, BodyUntilEnd } from './upstream.ts';

export function describeResponses(
  name: string,
  lane: Cluster['lane'],
  createTransport: (timers: Timers) => Transport,
): void {
  describe(`responses of the ${name} lane`, () => {
    const bench = new LaneBench(lane, createTransport);

    test('sends the head as given and hands the response on', async () => {
      const origin = await bench.serve(() => reply('hello', 'X-A: 1', 'x-a: 2'));
      const got = bench.start(new TestRequest('GET /a?b=1', ['X-Case', 'Kept', 'accept', '*/*']));
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
      const origin = await bench.serve(() => reply('x'));
      for (let i = 0; i < 5; i++) await bench.get().over();
      // undici frees a connection a turn after the response, and meanwhile opens another.
      expect(origin.connections.length).toBeLessThanOrEqual(bench.fast ? 1 : 2);
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
      await bench.answering(bytes, end);
      const got = bench.get();
      await got.over();
      expect([got.events, got.body]).toEqual([events, body]);
    });

    test('reads a response in pieces of one byte', async () => {
      const bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\n\r\n';
      await bench.serve(async (_, stream) => {
        for (const byte of bytes) {
          stream.send(byte);
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        return null;
      });
      const got = bench.get();
      expect(await got.over()).toBe('end X-T: 1;');
      expect(got.body).toBe('ab');
    });

    test('HEAD has no body, whatever the length says', async () => {
      await bench.answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
      const got = bench.start(new TestRequest('HEAD /'));
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
      ['a flood of 1xx', `${'HTTP/1.1 103 EH\r\n\r\n'.repeat(65)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`],
      ['Connection that is no list', 'HTTP/1.1 200 OK\r\nConnection: "close"\r\nContent-Length: 0\r\n\r\n'],
      ['a head without end', `HTTP/1.1 200 OK\r\n${`X-Long: ${'y'.repeat(90)}\r\n`.repeat(1000)}`],
    ])('refuses %s', async (_, bytes) => {
      await bench.answering(bytes);
      const got = bench.get();
      expect(await got.over()).toMatch(/^failure upstream-(?:invalid|reset)$/);
      expect(got.events.filter((event) => event !== '1xx 103')).toHaveLength(1);
      expect(got.events.length).toBeLessThanOrEqual(65);
    });

    test('a broken chunk after the head fails the response', async () => {
      await bench.answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n');
      expect(await bench.get().over()).toMatch(/^failure upstream-(?:invalid|reset)$/);
    });

    test.each([
      ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
      ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc'],
      ['the head', 'HTTP/1.1 200 OK\r\nContent-'],
    ])('a response cut within %s is a failure', async (_, bytes) => {
      await bench.answering(bytes, true);
      expect(await bench.get().over()).toBe('failure upstream-reset');
    });

    test('bytes behind a response close the connection, and reach nobody', async () => {
      let count = 0;
      const origin = await bench.serve(() =>
        count++ === 0 ? `${reply('one')}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil` : reply('two'),
      );
      const first = bench.get();
      await first.over();
      const second = bench.get();
      await second.over();
      expect([first.body, second.body]).toEqual(['one', 'two']);
      expect(origin.connections).toHaveLength(2);
    });

    test('`Connection: close` and HTTP/1.0 are not used again', async () => {
      const answers = [reply('a', 'Connection: close'), 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nb', reply('c')];
      const origin = await bench.serve(() => answers.shift()!);
      for (let i = 0; i < 3; i++) expect(await bench.get().over()).toBe('end');
      expect(origin.connections).toHaveLength(3);
    });
  });
}
