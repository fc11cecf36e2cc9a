/** Bodies that a policy looks into on their way: nothing of what it refuses goes on, and all else goes on as it came. */
import { hash, randomBytes } from 'node:crypto';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Filter } from '../ir/filter.ts';
import type { RequestLimitsConfig } from '../policy/requestlimits/schema.ts';
import type { DenialCode, RuntimeFilter } from '../policy/runtime.ts';
import { reply } from '../testkit/origin.ts';
import { until } from '../testkit/until.ts';
import { filtered, get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const unlimited: RequestLimitsConfig = {
  bodyBytes: null,
  decodedBytes: null,
  decodedRatio: null,
  contentEncodings: null,
  headBytes: null,
  headerCount: null,
  urlLength: null,
  queryParams: null,
  methods: null,
  contentTypes: null,
};
const limits = (...sizes: readonly number[]) => {
  const filters: Record<string, Filter> = {};
  for (const [i, decodedBytes] of sizes.entries())
    filters[`f${i}`] = { kind: 'requestLimits', config: { ...unlimited, decodedBytes } };
  return { filters, rules: [{ filters: Object.keys(filters) }] };
};
const head = (more: string) => `POST / HTTP/1.1\r\nHost: example.com\r\nContent-Encoding: gzip\r\n${more}\r\n\r\n`;
const withLength = (body: Uint8Array) => Buffer.concat([Buffer.from(head(`Content-Length: ${body.length}`)), body]);
const chunk = (bytes: Uint8Array) =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const chunked = head('Transfer-Encoding: chunked');
const digest = (bytes: Uint8Array) => hash('sha256', bytes, 'hex');
const noise = randomBytes(300_000);
const honest = gzipSync(noise);
/** Honest for its first 300 kB. */
const bomb = gzipSync(Buffer.concat([noise, Buffer.alloc(50_000_000)]));

describe.each(transports)('on the %s transport', (_, transport) => {
  test('a body arrives byte for byte, whatever its framing, and the next request on its connection, too', async () => {
    const { client } = await stage.scene(transport, limits(400_000, 1_000_000), ({ body }) => reply(digest(body)));
    client.send(withLength(honest));
    expect(String((await client.message()).body)).toBe(digest(honest));
    client.send(chunked);
    for (let at = 0; at < honest.length; at += 7_001) client.send(chunk(honest.subarray(at, at + 7_001)));
    client.send('0\r\nx-sum: 1\r\n\r\n');
    expect(String((await client.message()).body)).toBe(digest(honest));
    client.send(get('/'));
    expect((await client.message()).startLine).toContain(' 200 ');
  });

  test('a bomb is 413, and the backend never gets its end', async () => {
    const { client, origin, proxy } = await stage.scene(transport, limits(1_000_000), null);
    client.send(withLength(bomb));
    expect((await client.message()).startLine).toContain(' 413 ');
    const upstream = await origin.connection(0);
    await upstream.end();
    expect(upstream.received.length).toBeLessThan(bomb.length);
    expect((await proxy.recorded(1)).flag).toBe('PL');
    expect(proxy.decisions).toContain('requestLimits Enforce denied body-too-large');
  });

  test('each level has its say', async () => {
    const { client } = await stage.scene(transport, limits(100_000_000, 310_000, 100_000_000));
    client.send(withLength(bomb));
    expect((await client.message()).startLine).toContain(' 413 ');
  });

  test('what is no gzip is 400, before it is forwarded', async () => {
    const bodies: string[] = [];
    const { client, connect } = await stage.scene(transport, limits(1_000_000), ({ body }) => {
      bodies.push(digest(body));
      return reply('');
    });
    client.send(withLength(brotliCompressSync('abc')));
    expect((await client.message()).startLine).toContain(' 400 ');
    const next = await connect();
    next.send(withLength(honest));
    expect((await next.message()).startLine).toContain(' 200 ');
    expect(bodies).toEqual([digest(honest)]);
  });

  test('an answer that has begun is broken off', async () => {
    const { client, origin } = await stage.scene(transport, limits(1_000_000), null);
    client.send(chunked);
    client.send(chunk(bomb.subarray(0, 1_000)));
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes(bomb.subarray(0, 100)));
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    await client.until(() => client.received.includes('abc'));
    client.send(chunk(bomb.subarray(1_000)));
    await client.end();
    await upstream.end();
    expect(client.received.toString()).toMatch(/abc$/);
  });

  test('an answer that does not wait for the body leaves the connection usable', async () => {
    const { client, origin } = await stage.scene(transport, limits(1_000_000), null);
    const small = gzipSync('x'.repeat(1_000));
    client.send(head(`Content-Length: ${small.length}`));
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('\r\n\r\n'));
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await client.until(() => client.received.includes('ok'));
    client.send(small.subarray(0, 5));
    client.send(small.subarray(5));
    client.send(get('/next'));
    const other = await origin.connection(1);
    await other.until(() => other.received.includes('/next'));
    other.send('HTTP/1.1 204 No Content\r\n\r\n');
    await client.until(() => client.received.includes(' 204 '));
    expect(other.received.toString()).toContain('GET /next ');
  });

  test('a client that leaves in the middle leaves nothing behind', async () => {
    const { client, connect, origin, proxy } = await stage.scene(transport, limits(1_000_000), null);
    client.send(chunked);
    client.send(chunk(honest.subarray(0, 50_000)));
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.length > 40_000);
    client.send(chunk(honest.subarray(50_000, 100_000)));
    client.socket.destroy();
    await upstream.end();
    expect((await proxy.recorded(1)).flag).toBe('DC');
    const next = await connect();
    next.send(withLength(bomb));
    expect((await next.message()).startLine).toContain(' 413 ');
  });

  describe('a guard', () => {
    /** What the test says of each part, when it says it. */
    function guarding() {
      const asked: { readonly bytes: number; readonly say: (code: DenialCode | null | Error) => void }[] = [];
      let closed = 0;
      const filter: RuntimeFilter = {
        onRequest: ({ request }) =>
          void request.guardBody({
            data: (bytes) =>
              new Promise((resolve, reject) => {
                const say = (code: DenialCode | null | Error) => (code instanceof Error ? reject(code) : resolve(code));
                asked.push({ bytes: bytes.length, say });
              }),
            close: () => void closed++,
          }),
      };
      return { asked, filter, closed: () => closed };
    }
    const turns = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
    };

    test('that takes its time makes the client wait, not the gateway collect', async () => {
      const { asked, filter } = guarding();
      const { client } = await stage.scene(transport, filtered(filter));
      client.send(withLength(Buffer.alloc(32_000_000)));
      await until(() => asked.length === 1);
      for (let before = -1; before !== client.socket.bytesWritten - client.socket.writableLength; ) {
        before = client.socket.bytesWritten - client.socket.writableLength;
        await turns(200);
      }
      expect(client.socket.writableLength).toBeGreaterThan(0);
      asked[0]!.say(null);
      await until(() => asked.length === 2);
      asked[1]!.say('body-too-large');
      expect((await client.message()).startLine).toContain(' 413 ');
    });

    test('that throws is 500, and the rest of the body is dropped', async () => {
      const { asked, filter, closed } = guarding();
      const { client, proxy } = await stage.scene(transport, filtered(filter));
      client.send(head('Content-Length: 6'));
      client.send('abc');
      await until(() => asked.length === 1);
      asked[0]!.say(new Error('a bug'));
      expect((await client.message()).startLine).toContain(' 500 ');
      expect(proxy.faults).toHaveLength(1);
      client.send(`def${get('/next')}`);
      expect((await client.message()).startLine).toContain(' 200 ');
      expect(closed()).toBeGreaterThan(0);
    });

    test('that answers when the client is gone says nothing of the next request', async () => {
      const { asked, filter } = guarding();
      const { client, connect, proxy } = await stage.scene(transport, filtered(filter));
      client.send(head('Content-Length: 6'));
      client.send('abc');
      await until(() => asked.length === 1);
      client.socket.destroy();
      await proxy.recorded(1);
      const next = await connect();
      next.send(`${head('Content-Length: 3')}abc`);
      await until(() => asked.length === 2);
      asked[0]!.say('body-too-large');
      await turns(5);
      asked[1]!.say(null);
      expect((await next.message()).startLine).toContain(' 200 ');
    });
  });
});
