/** A policy that reads a body before it is forwarded: what it sees, what goes upstream, and what a client can make of the wait. */
import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Exchange, RuntimeFilter } from '../policy/runtime.ts';
import { createOrigin, reply } from '../testkit/origin.ts';
import type { TestProxyOptions } from '../testkit/proxy.ts';
import { filtered, get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const chunkedPost = 'POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n';
const text = (body: Uint8Array | null): string | null => (body === null ? null : Buffer.from(body).toString('latin1'));

/** A rule whose filters are these phases, one after the other. */
const reading = (...phases: readonly NonNullable<RuntimeFilter['onRequest']>[]): TestProxyOptions =>
  filtered(...phases.map((onRequest) => ({ onRequest })));

/** Reads up to `limit` bytes of each body and writes down what it got, or why it got nothing. */
function reader(limit: number) {
  const seen: (string | null)[] = [];
  const onRequest = async ({ request }: Exchange): Promise<void> => {
    try {
      seen.push(text(await request.readBody(limit)));
    } catch (error) {
      seen.push(`rejected: ${(error as Error).message}`);
      throw error;
    }
  };
  return { seen, onRequest };
}

describe.each(transports)('on the %s transport', (_, transport) => {
  describe.each(['Auto', 'Undici'] as const)('by lane %s', (lane) => {
    const cluster = { lane };

    test('a body with a length is seen whole, and forwarded as it came', async () => {
      const { seen, onRequest } = reader(100);
      const { client, origin } = await stage.scene(transport, { ...reading(onRequest), cluster });
      client.send(post('hello').slice(0, -2));
      client.send('lo');
      await client.message();
      expect(seen).toEqual(['hello']);
      const [request] = origin.requests;
      expect([text(request!.body), request!.header('content-length')]).toEqual(['hello', '5']);
    });

    test('a body of unknown length too', async () => {
      const { seen, onRequest } = reader(100);
      const { client, origin } = await stage.scene(transport, { ...reading(onRequest), cluster });
      client.send(`${chunkedPost}3\r\nabc\r\n2\r\n`);
      client.send('de\r\n0\r\n\r\n');
      await client.message();
      expect(seen).toEqual(['abcde']);
      expect(text(origin.requests[0]!.body)).toBe('abcde');
    });

    test('no body is an empty one, and nothing is waited for', async () => {
      const { seen, onRequest } = reader(0);
      const { client, origin } = await stage.scene(transport, { ...reading(onRequest), cluster });
      client.send(get('/') + post(''));
      await client.message();
      await client.message();
      expect(seen).toEqual(['', '']);
      expect(origin.requests.map((request) => request.header('content-length'))).toEqual([undefined, '0']);
    });

    test.each([
      ['with a length', true],
      ['in chunks', false],
    ])('one that is too long %s is null, and passes whole', async (_name, hasLength) => {
      const { seen, onRequest } = reader(100_000);
      const { client, origin } = await stage.scene(transport, { ...reading(onRequest), cluster });
      const body = randomFillSync(Buffer.alloc(3 << 20));
      if (hasLength) {
        client.send(post('').replace('Length: 0', `Length: ${body.length}`));
        client.send(body);
      } else {
        client.send(chunkedPost);
        for (let at = 0; at < body.length; at += 1 << 16) {
          const piece = body.subarray(at, at + (1 << 16));
          client.send(`${piece.length.toString(16)}\r\n`);
          client.send(piece);
          client.send('\r\n');
        }
        client.send('0\r\n\r\n');
      }
      await client.message();
      expect(seen).toEqual([null]);
      expect(origin.requests[0]!.body.equals(body)).toBe(true);
    });

    test.each([
      ['a longer one', 'x'.repeat(200_000)],
      ['a shorter one', 'y'],
      ['none', ''],
    ])('%s may take its place, whatever the framing was', async (_name, other) => {
      const { client, origin } = await stage.scene(transport, {
        ...reading(async ({ request }) => {
          await request.readBody(100);
          request.setBody(Buffer.from(other));
        }),
        cluster,
      });
      client.send(post('hello'));
      await client.message();
      client.send(`${chunkedPost}3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n`);
      await client.message();
      client.send(get('/next'));
      await client.message();
      for (const request of origin.requests.slice(0, 2)) {
        expect(text(request.body)).toBe(other);
        expect(request.header('content-length')).toBe(String(other.length));
        expect([request.header('transfer-encoding'), request.trailers]).toEqual([undefined, []]);
      }
    });

    test('it is sent again when a rule retries, however long it is, and to a mirror', async () => {
      let turn = 0;
      const copies: string[] = [];
      const copy = stage.own(
        await createOrigin(({ body }) => {
          copies.push(String(body.length));
          return reply('');
        }),
      );
      const { onRequest } = reader(1 << 20);
      const options = reading(onRequest, (exchange) => exchange.mirror('c1'));
      const origin = stage.own(
        await createOrigin(({ body }) =>
          turn++ === 0 ? 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n' : reply(String(body.length)),
        ),
      );
      const { client, proxy } = await stage.scene(transport, {
        ...options,
        rules: [
          {
            ...options.rules![0],
            retry: { attempts: 1, codes: [500], backoff: 1 },
            action: { kind: 'forward', backends: [{ weight: 1, priority: 0, cluster: 'c0', filters: [] }] },
          },
        ],
        backends: [origin.port, copy.port],
        settings: { limits: { replayBytes: 1_000 } },
        cluster,
      });
      client.send(post('z'.repeat(300_000)));
      expect(String((await client.message()).body)).toBe('300000');
      expect((await proxy.recorded(1)).attempts).toBe(2);
      await copy.connection(0);
      await copy.connections[0]!.until(() => copies.length > 0);
      expect(copies).toEqual(['300000']);
    });
  });

  test('trailers stay with a body that nobody changed', async () => {
    const { onRequest } = reader(100);
    const { client, origin } = await stage.scene(transport, reading(onRequest));
    client.send(`${chunkedPost}3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n`);
    await client.message();
    expect(origin.requests[0]!.trailers).toEqual([['X-Sum', '3']]);
  });

  test('a client that waits for a 100 gets ours, and the backend is asked for none', async () => {
    const { seen, onRequest } = reader(100);
    const { client, origin } = await stage.scene(transport, reading(onRequest));
    client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    expect((await client.message()).startLine).toBe('HTTP/1.1 100 Continue');
    expect(origin.connections).toHaveLength(0);
    client.send('body');
    expect((await client.message()).startLine).toBe('HTTP/1.1 200 OK');
    expect(seen).toEqual(['body']);
    expect(origin.requests[0]!.header('expect')).toBeUndefined();
  });

  test('of a body that is too long by its own account the backend decides', async () => {
    const { seen, onRequest } = reader(3);
    const { client, origin } = await stage.scene(transport, reading(onRequest), null);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('\r\n\r\n'));
    expect(upstream.received.toString('latin1')).toContain('Expect: 100-continue');
    upstream.send('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n');
    expect((await client.message()).startLine).toBe('HTTP/1.1 417 No');
    expect(seen).toEqual([null]);
  });

  test('several filters read, each within its own limit', async () => {
    const readers = [reader(3), reader(100), reader(4), reader(5)];
    const { client, origin } = await stage.scene(transport, reading(...readers.map(({ onRequest }) => onRequest)));
    client.send(`${chunkedPost}4\r\nabcd\r\n`);
    client.send('1\r\ne\r\n0\r\n\r\n');
    await client.message();
    expect(readers.map(({ seen }) => seen)).toEqual([[null], ['abcde'], [null], ['abcde']]);
    expect(text(origin.requests[0]!.body)).toBe('abcde');
  });

  test('pipelined requests wait behind it and are cut where they begin', async () => {
    const { seen, onRequest } = reader(100);
    const { client, origin } = await stage.scene(transport, reading(onRequest));
    client.send(post('one') + post('two') + get('/three'));
    for (let i = 0; i < 3; i++) await client.message();
    expect(seen).toEqual(['one', 'two', '']);
    expect(origin.requests.map(({ body }) => text(body))).toEqual(['one', 'two', '']);
  });

  test('what is denied after it was read is not forwarded, and the connection lives on', async () => {
    const { client, origin } = await stage.scene(
      transport,
      reading(async (exchange) => {
        const body = await exchange.request.readBody(100);
        if (text(body) === 'bad') exchange.deny('request-invalid');
      }),
    );
    client.send(post('bad') + post('good'));
    expect((await client.message()).startLine).toBe('HTTP/1.1 400 Bad Request');
    expect((await client.message()).startLine).toBe('HTTP/1.1 200 OK');
    expect(origin.requests.map(({ body }) => text(body))).toEqual(['good']);
  });

  test('what is denied because it is too long closes in good order', async () => {
    const { client, origin, proxy } = await stage.scene(
      transport,
      reading(async (exchange) => {
        if ((await exchange.request.readBody(1_000)) === null) exchange.deny('body-too-large');
      }),
    );
    client.send(post('').replace('Length: 0', 'Length: 500000'));
    client.send(Buffer.alloc(500_000));
    const answer = await client.message();
    expect([answer.startLine, answer.header('connection')]).toEqual(['HTTP/1.1 413 Payload Too Large', 'close']);
    await client.end();
    expect(client.error).toBeNull();
    expect(origin.connections).toHaveLength(0);
    expect((await proxy.recorded(1)).flag).toBe('PL');
  });

  test('the limit of the gateway ends the wait', async () => {
    const { seen, onRequest } = reader(1_000);
    const { client, proxy } = await stage.scene(transport, {
      ...reading(onRequest),
      settings: { limits: { bodyBytes: 10 } },
    });
    client.send(`${chunkedPost}6\r\nabcdef\r\n`);
    client.send('6\r\nabcdef\r\n');
    expect((await client.message()).startLine).toBe('HTTP/1.1 413 Payload Too Large');
    expect(proxy.limits).toEqual(['body-bytes']);
    expect(seen).toEqual(['rejected: the request has ended before its body was read']);
    expect(proxy.faults).toEqual([]);
  });

  test('broken chunks end the wait', async () => {
    const { seen, onRequest } = reader(1_000);
    const { client, origin, proxy } = await stage.scene(transport, reading(onRequest));
    client.send(`${chunkedPost}6\r\nabcdef\r\nzz\r\n`);
    expect((await client.message()).startLine).toBe('HTTP/1.1 400 Bad Request');
    await client.end();
    expect(seen).toEqual(['rejected: the request has ended before its body was read']);
    expect(origin.connections).toHaveLength(0);
    expect(proxy.faults).toEqual([]);
  });

  test('a client that falls silent is given up in time', async () => {
    const { seen, onRequest } = reader(1_000);
    const { client, proxy } = await stage.scene(transport, {
      ...reading(onRequest),
      settings: { timeouts: { body: 100 } },
    });
    client.send(post('hello').slice(0, -1));
    expect((await client.message()).startLine).toBe('HTTP/1.1 408 Request Timeout');
    expect(proxy.limits).toEqual(['body-timeout']);
    expect(seen).toEqual(['rejected: the request has ended before its body was read']);
  });

  test.each(['reset', 'finish'] as const)('a client that goes by %s ends the wait', async (leave) => {
    const { seen, onRequest } = reader(1_000);
    const { client, origin, proxy } = await stage.scene(transport, reading(onRequest));
    client.send(post('hello').slice(0, -1));
    client[leave]();
    expect(await proxy.recorded(1)).toMatchObject({ flag: 'DC', attempts: 0 });
    expect(seen).toEqual(['rejected: the request has ended before its body was read']);
    expect(origin.connections).toHaveLength(0);
    expect(proxy.faults).toEqual([]);
  });

  test('no more than the limit and a read is held while the filter thinks', async () => {
    let release = (): void => {};
    const thinking = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { client, origin } = await stage.scene(
      transport,
      reading(async ({ request }) => {
        await request.readBody(10_000);
        await thinking;
      }),
    );
    const piece = Buffer.alloc(1 << 20);
    client.send(`${chunkedPost}${(1 << 30).toString(16)}\r\n`);
    // Until the system takes no more; what is written then waits here unless the proxy goes on reading.
    while (client.socket.write(piece)) expect(client.socket.bytesWritten).toBeLessThan(64 << 20);
    for (let i = 0; i < 8; i++) client.socket.write(piece);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 500; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(client.socket.writableLength).toBeGreaterThan(4 << 20);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
    expect(origin.connections).toHaveLength(0);
    release();
    client.close();
  });

  test('a filter that does not wait gets nothing, and the body passes', async () => {
    const seen: string[] = [];
    const { client, origin } = await stage.scene(
      transport,
      reading(({ request }) => {
        request.readBody(100).then(
          (body) => seen.push(String(text(body))),
          (error: Error) => seen.push(error.message),
        );
      }),
    );
    client.send(post('hello').slice(0, -2));
    await origin.connection(0);
    client.send('lo');
    await client.message();
    expect(seen).toEqual(['the request has ended before its body was read']);
    expect(text(origin.requests[0]!.body)).toBe('hello');
  });

  test('a response phase is too late to read or to replace one', async () => {
    const late: unknown[] = [];
    const { client } = await stage.scene(transport, {
      rules: [{ filters: ['late'] }],
      runtimeFilters: {
        late: {
          async onResponse({ request }) {
            late.push(await request.readBody(100).catch((error: Error) => error.message));
            try {
              request.setBody(Buffer.from('x'));
            } catch (error) {
              late.push((error as Error).message);
            }
          },
        },
      },
    });
    client.send(post('hello'));
    expect((await client.message()).startLine).toBe('HTTP/1.1 200 OK');
    expect(late).toEqual([
      'the request phases are over',
      'only a body that was read whole can be replaced, in the request phase',
    ]);
  });

  test('a body that somebody kept is not overwritten by the next request', async () => {
    const kept: Uint8Array[] = [];
    const { client } = await stage.scene(
      transport,
      reading(async ({ request }) => {
        kept.push((await request.readBody(100))!);
      }),
    );
    for (const body of ['first', 'other']) {
      client.send(post(body));
      await client.message();
    }
    expect(kept.map(text)).toEqual(['first', 'other']);
  });
});
