import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { type Alarm, Timers } from '../proxy/timers.ts';
import type { Connection } from '../proxy/transport.ts';
import { createHandleTransport } from '../proxy/transport-handle.ts';
import { createSocketTransport } from '../proxy/transport-socket.ts';
import { type Answer, createOrigin, type Origin, reply } from '../testkit/origin.ts';
import { Receiver, TestRequest } from './attempt.testing.ts';
import { H1Context } from './h1context.ts';
import { H1Dispatcher, type H1Options } from './h1dispatcher.ts';
import { noTelemetry } from './lane.testing.ts';
import { Pending } from './pending.ts';
import { describeRequests } from './requests.suite.ts';
import { describeResponses } from './responses.suite.ts';

describeResponses('fast (handles)', 'Auto', createHandleTransport);
describeRequests('fast (handles)', 'Auto', createHandleTransport);
describeResponses('fast (sockets)', 'Auto', createSocketTransport);
describeRequests('fast (sockets)', 'Auto', createSocketTransport);

/** Time moves only when the test says so; connects are not timed out by it. */
class ManualClock implements Alarm {
  time = 0;
  #ring = (): void => {};

  set(_ms: number, ring: () => void): void {
    this.#ring = ring;
  }

  clear(): void {
    this.#ring = () => {};
  }

  advance(ms: number): void {
    for (const end = this.time + ms; this.time < end; ) {
      this.time += 10;
      this.#ring();
    }
  }
}

describe('H1Dispatcher', () => {
  let clock: ManualClock;
  let timers: Timers;
  let origin: Origin;
  let dispatcher: H1Dispatcher;
  /** Lengths of the writes of each connection that was made. */
  let writes: number[][];

  const open = async (answer?: Answer, options: Partial<H1Options> = {}): Promise<void> => {
    origin = await createOrigin(answer);
    const transport = createHandleTransport(timers);
    const context = new H1Context(
      (host, port, timeout, done) =>
        transport.connect({ host, port, timeout }, (connection, error) =>
          done(
            connection === null ? null : counted(connection),
            error === 'ETIMEDOUT' ? 'connect-timeout' : 'connect-failed',
          ),
        ),
      timers,
      16_384,
    );
    dispatcher = new H1Dispatcher(
      {
        cluster: 'shop/orders:8080',
        host: '127.0.0.1',
        port: origin.port,
        connectTimeout: 60_000,
        idleTimeout: 4000,
        maxLifetime: 0,
        maxConnections: 8,
        ...options,
      },
      context,
      new Pending(8),
      noTelemetry,
    );
  };

  const counted = (connection: Connection): Connection => {
    const lengths: number[] = [];
    writes.push(lengths);
    const writeOutput = connection.writeOutput.bind(connection);
    connection.writeOutput = (length) => {
      lengths.push(length);
      return writeOutput(length);
    };
    const write = connection.write.bind(connection);
    connection.write = (bytes, start, end) => {
      lengths.push(end - start);
      return write(bytes, start, end);
    };
    return connection;
  };

  const start = (line: string, bodyLength = 0): Receiver => {
    const receiver = new Receiver();
    receiver.stream = dispatcher.dispatchRaw(new TestRequest(line, [], bodyLength), receiver);
    return receiver;
  };

  const get = async (target = '/'): Promise<Receiver> => {
    const receiver = start(`GET ${target}`);
    await receiver.over();
    return receiver;
  };

  beforeEach(() => {
    clock = new ManualClock();
    timers = new Timers(() => clock.time, clock);
    writes = [];
  });

  afterEach(async () => {
    await dispatcher.destroy();
    await origin.close();
    timers.close();
  });

  test('a small request is one write, with its body too', async () => {
    await open(() => reply('x'));
    await get();
    const post = start('POST /', 5);
    post.stream!.write(Buffer.from('hello'), 0, 5, false);
    post.stream!.end(null);
    await post.over();
    const chunked = start('POST /', -1);
    chunked.stream!.write(Buffer.from('hello'), 0, 5, false);
    chunked.stream!.end(null);
    await chunked.over();
    expect(writes.map((each) => each.length)).toEqual([3]);
    expect(origin.requests.map((each) => each.body.toString())).toEqual(['', 'hello', 'hello']);
  });

  test('a held head goes out when another connection needs the outbox, and by flush', async () => {
    await open(() => reply('x'));
    await Promise.all([get(), get()]);
    const held = start('POST /held', 3);
    const other = start('POST /other', 3);
    other.stream!.write(Buffer.from('abc'), 0, 3, false);
    other.stream!.end(null);
    await other.over();
    held.stream!.write(Buffer.from('d'), 0, 1, false);
    held.stream!.flush();
    held.stream!.write(Buffer.from('ef'), 0, 2, false);
    held.stream!.end(null);
    expect(await held.over()).toBe('end');
    expect(origin.requests.slice(2).map((each) => each.body.toString())).toEqual(['abc', 'def']);
  });

  test.each([
    ['GET', 0, 'end', 2],
    ['DELETE', 0, 'end', 2],
    ['POST', 0, 'failure upstream-reset', 1],
    ['PUT', 3, 'failure upstream-reset untouched', 1],
  ])(
    'a reused connection that dies before it answers: %s with %d bytes is %s',
    async (method, length, expected, attempts) => {
      let count = 0;
      await open((_, stream) => {
        if (++count !== 2) return reply('x');
        stream.close();
        return null;
      });
      await get();
      const got = start(`${method} /`, length);
      if (length > 0) {
        got.stream!.write(Buffer.alloc(length), 0, length, false);
        got.stream!.end(null);
      }
      expect(await got.over()).toBe(expected);
      expect(count - 1).toBe(attempts);
      expect(dispatcher.load).toBe(0);
    },
  );

  test('a reused connection that fails twice is the proxy’s to judge', async () => {
    let count = 0;
    await open((_, stream) => {
      if (++count === 1) return reply('x');
      stream.close();
      return null;
    });
    await get();
    expect(await (async () => (await get()).events)()).toEqual(['failure upstream-reset untouched']);
    expect(count).toBe(3);
  });

  test('bytes or an end on an idle connection close it', async () => {
    await open(() => reply('x'));
    await get();
    origin.connections[0]!.send('HTTP/1.1 408 Request Timeout\r\n\r\n');
    await origin.connections[0]!.end();
    await get();
    origin.connections[1]!.finish();
    await origin.connections[1]!.end();
    expect((await get()).body).toBe('x');
    expect(origin.connections).toHaveLength(3);
  });

  test.each([
    ['an interim response with a coding', 'HTTP/1.1 103 E\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['an interim response with a length', 'HTTP/1.1 103 E\r\nContent-Length: 0\r\n\r\n'],
    ['an interim response with a broken Connection', 'HTTP/1.1 103 E\r\nConnection: a b\r\n\r\n'],
  ])('%s is refused, since others read a body there', async (_, interim) => {
    await open(() => `${interim}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
    expect((await get()).events).toEqual(['failure upstream-invalid']);
  });

  test.each([
    [
      'an interim response that closes',
      'HTTP/1.1 103 E\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    ],
    ['an interim response of HTTP/1.0', 'HTTP/1.0 103 E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a 204 that says it is chunked', 'HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('behind %s the connection is not used again', async (_, response) => {
    await open(() => response);
    expect([(await get()).events.at(-1), dispatcher.stats.open]).toEqual(['end', 0]);
  });

  test('the most recently used connection is taken, and the others go after the idle timeout', async () => {
    await open(() => reply('x'));
    await Promise.all([get(), get(), get()]);
    expect(dispatcher.stats).toEqual({ open: 3, idle: 3, waiting: 0 });
    for (let i = 0; i < 6; i++) {
      clock.advance(1000);
      await get();
    }
    expect(dispatcher.stats).toEqual({ open: 1, idle: 1, waiting: 0 });
    clock.advance(6000);
    expect(dispatcher.stats.open).toBe(0);
    expect(origin.connections).toHaveLength(3);
  });

  test('past its lifetime a connection finishes its request and is not used again', async () => {
    let release = (): void => {};
    await open(
      ({ startLine }) =>
        startLine.includes('/slow') ? new Promise((resolve) => (release = () => resolve(reply('slow')))) : reply('x'),
      {
        maxLifetime: 3000,
      },
    );
    await get();
    const slow = start('GET /slow');
    await origin.connections[0]!.until(() => origin.requests.length === 1 || release.name !== '');
    clock.advance(3500);
    expect(dispatcher.stats.open).toBe(1);
    while (origin.requests.length < 2) await new Promise<void>((resolve) => setImmediate(resolve));
    release();
    expect([await slow.over(), slow.body]).toEqual(['end', 'slow']);
    expect(dispatcher.stats.open).toBe(0);
    await get();
    expect(origin.connections).toHaveLength(2);
  });

  test('a head too long for the buffer is refused without a byte sent', async () => {
    await open(() => reply('x'));
    expect((await get(`/${'a'.repeat(200_000)}`)).events).toEqual(['failure headers-too-large']);
    const post = start(`POST /${'a'.repeat(70_000)}`, 1);
    expect(await post.over()).toBe('failure headers-too-large');
    expect(origin.requests).toHaveLength(0);
  });

  test('a body that breaks its promised length is a bug that cannot reach the wire', async () => {
    await open(() => reply('x'));
    await get();
    const long = start('POST /', 2);
    expect(() => long.stream!.write(Buffer.from('abc'), 0, 3, false)).toThrow('1 bytes more');
    await get();
    const short = start('POST /', 2);
    expect(() => short.stream!.end(null)).toThrow('2 bytes early');
    expect(origin.requests.map((each) => each.startLine)).toEqual(['GET / HTTP/1.1', 'GET / HTTP/1.1']);
  });

  test('a request waits for its connect and gives its time-out as a reason', async () => {
    await open(() => reply('x'), { connectTimeout: 50 });
    const got = start('GET /');
    clock.advance(200);
    expect(await got.over()).toBe('failure connect-timeout untouched');
  });

  test('close lets what is under way finish', async () => {
    let answer: (bytes: string) => void = () => {};
    await open(() => new Promise((resolve) => (answer = resolve)));
    const got = start('GET /');
    while (origin.requests.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    const closed = dispatcher.close();
    answer(reply('done'));
    await closed;
    expect([await got.over(), got.body, dispatcher.stats.open]).toEqual(['end', 'done', 0]);
  });

  describe('for undici users', () => {
    const url = (): string => `http://127.0.0.1:${origin.port}/path?x=1`;

    test('request() works: bytes, streams, headers', async () => {
      await open(({ body }) => reply(body.toString().toUpperCase(), 'X-A: 1', 'X-A: 2'));
      const first = await request(url(), { dispatcher, method: 'POST', headers: { 'x-b': 'c' }, body: 'hello' });
      expect([first.statusCode, first.headers['x-a'], await first.body.text()]).toEqual([200, ['1', '2'], 'HELLO']);
      const body = Readable.from([Buffer.from('from '), Buffer.from('stream')]);
      const second = await request(url(), { dispatcher, method: 'PUT', body });
      expect(await second.body.text()).toBe('FROM STREAM');
      expect(origin.requests[0]!.startLine).toBe('POST /path?x=1 HTTP/1.1');
      expect([origin.requests[0]!.header('x-b'), origin.requests[1]!.header('transfer-encoding')]).toEqual([
        'c',
        'chunked',
      ]);
    });

    test('failures and wrong arguments are errors', async () => {
      await open((_, stream) => {
        stream.close();
        return null;
      });
      await expect(request(url(), { dispatcher })).rejects.toThrow('upstream-reset');
      await expect(request(url(), { dispatcher, headers: { connection: 'close' } })).rejects.toThrow(
        "this dispatcher's own",
      );
      await expect(request(url(), { dispatcher, headers: { a: 'b\nc' } })).rejects.toThrow('control character');
    });

    test('an abort signal ends it', async () => {
      await open(() => null);
      const controller = new AbortController();
      const pending = request(url(), { dispatcher, signal: controller.signal });
      while (origin.requests.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      controller.abort();
      await expect(pending).rejects.toThrow('aborted');
    });
  });
});
