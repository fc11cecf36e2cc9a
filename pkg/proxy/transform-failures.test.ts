/** Response bodies that break within a transform, end early, or whose client or backend goes. */
import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BodySink, BodyTransform, RuntimeFilter } from '../policy/runtime.ts';
import { reply } from '../testkit/origin.ts';
import { filtered, get, Stage, transports } from './suite.ts';
import { chunked, transforming, turn, Upper, upper } from './transforms.suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

describe.each(transports)('on the %s transport', (_, transport) => {
  describe.each(['Auto', 'Undici'] as const)('by lane %s', (lane) => {
    const cluster = { lane };

    test.each([
      ['fails at once', (sink: BodySink) => sink.fail(), []],
      ['fails later', (sink: BodySink) => turn().then(() => sink.fail()), []],
      [
        'throws',
        () => {
          throw new Error('a bug');
        },
        ['a bug'],
      ],
      ['rejects', () => Promise.reject(new Error('a bug')), ['a bug']],
    ])('one that %s breaks the response off', async (_name, fail, faults) => {
      let closed = 0;
      const failing: BodyTransform = {
        data(bytes, sink) {
          sink.data(upper(bytes));
          return fail(sink);
        },
        end: (sink) => sink.end(),
        close: () => void closed++,
      };
      const { client, connect, proxy } = await stage.scene(
        transport,
        { ...filtered(transforming(() => failing)), cluster },
        () => chunked,
      );
      client.send(get('/'));
      await client.end();
      expect(client.received.toString('latin1')).not.toContain('\r\n0\r\n');
      expect(client.error).toBe('ECONNRESET');
      expect((await proxy.recorded(1)).flag).not.toBe('');
      expect([closed, proxy.faults.map((error) => (error as Error).message)]).toEqual([1, faults]);
      const other = await connect();
      other.send(get('/'));
      await other.end();
      expect(closed).toBe(2);
    });

    test('one that ends early ends the response, and the rest of the backend is given up', async () => {
      const first: BodyTransform = {
        data(bytes, sink) {
          sink.data(bytes.subarray(0, 4));
          sink.end();
          sink.data(bytes);
        },
        end: (sink) => sink.end(),
        close() {},
      };
      const { client } = await stage.scene(transport, { ...filtered(transforming(() => first)), cluster }, () =>
        reply('abcde'.repeat(100_000)),
      );
      for (let i = 0; i < 2; i++) {
        client.send(get('/'));
        expect(String((await client.message()).body)).toBe('abcd');
      }
    });

    test.each(['client', 'backend'] as const)(
      'when the %s goes, it is closed once, and what it still does is void',
      async (who) => {
        const given = Promise.withResolvers<BodySink>();
        let closed = 0;
        const waiting: BodyTransform = {
          data: (_bytes, sink) => {
            given.resolve(sink);
            // A transform that has us wait keeps us from hearing of the backend.
            return who === 'client' ? new Promise<void>(() => {}) : undefined;
          },
          end() {},
          close: () => void closed++,
        };
        const { client, origin, proxy } = await stage.scene(
          transport,
          { ...filtered(transforming(() => waiting)), cluster },
          null,
        );
        client.send(get('/'));
        const upstream = await origin.connection(0);
        await upstream.message();
        upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
        const sink = await given.promise;
        (who === 'client' ? client : upstream).reset();
        await proxy.recorded(1);
        expect(closed).toBe(1);
        sink.data(Buffer.from('x'));
        sink.end();
        sink.fail();
        expect(sink.drained()).toBeNull();
        await turn();
        expect(proxy.records).toHaveLength(1);
        expect(proxy.faults).toEqual([]);
        if (who === 'backend') await client.end();
      },
    );
  });

  test('a filter behind it that fails gets the plain error through', async () => {
    const transform = new Upper('!');
    const broken: RuntimeFilter = {
      onResponse() {
        throw new Error('a bug');
      },
    };
    const { client } = await stage.scene(
      transport,
      filtered(
        broken,
        transforming(() => transform),
      ),
    );
    client.send(get('/'));
    const response = await client.message();
    expect(JSON.parse(String(response.body))).toMatchObject({ status: 500, code: 'filter-failed' });
    expect(transform.closed).toBe(1);
  });
});
