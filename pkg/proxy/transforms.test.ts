/** Response bodies through transforms of policies: framing, order, pace. */
import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BodyTransform, RuntimeFilter } from '../policy/runtime.ts';
import { reply } from '../testkit/origin.ts';
import type { RawStream } from '../testkit/stream.ts';
import { filtered, get, Stage, transports } from './suite.ts';
import { chunked, Late, transforming, turn, Upper } from './transforms.suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

/** Waits until a count grows no more. */
async function settled(count: () => number): Promise<void> {
  let before = 0;
  do {
    before = count();
    for (let i = 0; i < 50; i++) await turn();
  } while (before === 0 || before !== count());
}

/** Reads on without keeping anything. */
async function countUntil(client: RawStream, enough: (received: number) => boolean): Promise<number> {
  let received = 0;
  client.socket.removeAllListeners('data');
  await new Promise<void>((resolve) => {
    client.socket.on('data', (bytes: Buffer) => {
      received += bytes.length;
      if (enough(received)) resolve();
    });
    client.socket.resume();
  });
  return received;
}

describe.each(transports)('on the %s transport', (_, transport) => {
  describe.each(['Auto', 'Undici'] as const)('by lane %s', (lane) => {
    const cluster = { lane };

    describe.each([
      ['at once', Upper],
      ['later', Late],
    ] as const)('a transform that emits %s', (_name, Kind) => {
      test.each([
        ['a length', reply('abcde')],
        ['chunks and trailers', chunked],
        ['no body', reply('')],
      ])('of a response with %s', async (_what, answer) => {
        const made: Upper[] = [];
        const create = (): Upper => {
          const one = new Kind('!');
          made.push(one);
          return one;
        };
        const { client, proxy } = await stage.scene(
          transport,
          { ...filtered(transforming(create)), cluster },
          () => answer,
        );
        for (let i = 0; i < 2; i++) {
          client.send(get('/'));
          const response = await client.message();
          expect(String(response.body)).toBe(answer === reply('') ? '!' : 'ABCDE!');
          expect(response.header('content-length')).toBeUndefined();
          expect([response.header('transfer-encoding'), response.trailers]).toEqual(['chunked', []]);
        }
        expect(await proxy.recorded(2)).toMatchObject({ responseBytes: answer === reply('') ? 1 : 6, flag: '' });
        expect(made.map(({ closed }) => closed)).toEqual([1, 1]);
      });

      test('to HTTP/1.0 it ends with the connection', async () => {
        const { client } = await stage.scene(
          transport,
          { ...filtered(transforming(() => new Kind('!'))), cluster },
          () => reply('abc'),
        );
        client.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
        const response = await client.message();
        expect([response.header('connection'), response.header('content-length')]).toEqual(['close', undefined]);
        expect(String(response.body)).toBe('ABC!');
        expect(client.error).toBeNull();
      });

      test('of a reply of the gateway', async () => {
        const answer: RuntimeFilter = {
          onRequest: (exchange) => exchange.respond({ status: 203, headers: { 'X-A': 'b' }, body: 'local' }),
        };
        const { client } = await stage.scene(
          transport,
          filtered(
            transforming(() => new Kind('!')),
            answer,
          ),
        );
        for (let i = 0; i < 2; i++) {
          client.send(get('/'));
          const response = await client.message();
          expect([response.startLine, response.header('x-a'), String(response.body)]).toEqual([
            'HTTP/1.1 203 Non-Authoritative Information',
            'b',
            'LOCAL!',
          ]);
        }
      });

      test('pipelined requests each get their own', async () => {
        const { client } = await stage.scene(transport, {
          ...filtered(transforming(({ request }) => new Kind(request.path))),
          cluster,
        });
        client.send(get('/a') + get('/b') + get('/c'));
        for (const path of ['/a', '/b', '/c'])
          expect(String((await client.message()).body)).toBe(`GET ${path} HTTP/1.1`.toUpperCase() + path);
      });

      test('after a filter that kept the head for a while', async () => {
        const slow: RuntimeFilter = {
          async onResponse() {
            for (let i = 0; i < 5; i++) await turn();
          },
        };
        const body = 'x'.repeat(300_000);
        const { client } = await stage.scene(
          transport,
          {
            ...filtered(
              slow,
              transforming(() => new Kind('!')),
              slow,
            ),
            cluster,
          },
          () => reply(body),
        );
        client.send(get('/'));
        expect(String((await client.message()).body)).toBe(`${body.toUpperCase()}!`);
      });

      test('several apply in the order in which they were added, each to what the one before emits', async () => {
        const { client } = await stage.scene(
          transport,
          {
            ...filtered(
              transforming(() => new Kind(' third')),
              transforming(() => new Late(' second')),
              transforming(() => new Kind(' first')),
            ),
            cluster,
          },
          () => chunked,
        );
        client.send(get('/'));
        expect(String((await client.message()).body)).toBe('ABCDE FIRST SECOND third');
      });
    });

    test.each([
      ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'],
      ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n'],
    ])('%s answered by %j stays without a body, and says no length that is not its own', async (method, answer) => {
      const made: Upper[] = [];
      const create = (): Upper => {
        made.push(new Upper('!'));
        return made.at(-1)!;
      };
      const { client } = await stage.scene(transport, { ...filtered(transforming(create)), cluster }, (request) =>
        request.startLine.includes('/next') ? reply('next') : answer,
      );
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      const response = await client.message({ head: method === 'HEAD' });
      expect([response.header('content-length'), response.header('transfer-encoding')]).toEqual([undefined, undefined]);
      expect(made[0]!.closed).toBe(1);
      client.send(get('/next'));
      expect(String((await client.message()).body)).toBe('NEXT!');
    });

    test('each piece goes out as soon as it is emitted', async () => {
      const { client, origin } = await stage.scene(
        transport,
        { ...filtered(transforming(() => new Late('!'))), cluster },
        null,
      );
      client.send(get('/'));
      const upstream = await origin.connection(0);
      await upstream.message();
      upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (const event of ['data: a\n\n', 'data: b\n\n']) {
        upstream.send(`${event.length.toString(16)}\r\n${event}\r\n`);
        await client.until(() => client.received.includes(event.toUpperCase()));
      }
      upstream.send('0\r\n\r\n');
      expect(String((await client.message()).body)).toBe('DATA: A\n\nDATA: B\n\n!');
    });

    test('one that is slow holds the backend back, and never gets more than a read ahead', async () => {
      const late = new Late('!');
      const size = 2 << 20;
      const { client } = await stage.scene(transport, { ...filtered(transforming(() => late)), cluster }, () =>
        reply('x'.repeat(size)),
      );
      client.send(get('/'));
      const { body } = await client.message();
      expect(body.length).toBe(size + 1);
      expect(body.equals(Buffer.from(`${'X'.repeat(size)}!`))).toBe(true);
      expect(late.most).toBeLessThanOrEqual(256 << 10);
    });

    test('a client that does not read holds the transform and the backend back', async () => {
      let taken = 0;
      const counting: BodyTransform = {
        data(bytes, sink) {
          taken += bytes.length;
          sink.data(bytes);
        },
        end: (sink) => sink.end(),
        close() {},
      };
      const size = 64 << 20;
      const { client, origin } = await stage.scene(
        transport,
        { ...filtered(transforming(() => counting)), cluster },
        null,
      );
      client.socket.pause();
      client.send(get('/'));
      const upstream = await origin.connection(0);
      await upstream.message();
      upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      upstream.socket.write(Buffer.alloc(size, 'y'));
      await settled(() => taken);
      expect(taken).toBeLessThan(size);
      expect(await countUntil(client, (received) => received > size)).toBeGreaterThan(size);
      expect(taken).toBe(size);
    });

    test('one that makes much of little can wait for the client', async () => {
      const rounds = 512;
      const piece = Buffer.alloc(1 << 16, 'z');
      let emitted = 0;
      const inflating: BodyTransform = {
        async data(_bytes, sink) {
          for (let i = 0; i < rounds; i++) {
            await sink.drained();
            sink.data(piece);
            emitted++;
            await turn();
          }
        },
        end: (sink) => sink.end(),
        close() {},
      };
      const { client } = await stage.scene(transport, { ...filtered(transforming(() => inflating)), cluster }, () =>
        reply('little'),
      );
      client.socket.pause();
      client.send(get('/'));
      await settled(() => emitted);
      expect(emitted).toBeLessThan(rounds);
      const size = rounds * piece.length;
      expect(await countUntil(client, (received) => received > size)).toBeGreaterThan(size);
      expect(emitted).toBe(rounds);
    });
  });
});
