/** Filters that ask others over HTTP while their exchange goes on: `FilterEnv.call` on real sockets. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BodyTransform, CallResponse, RuntimeFilter } from '../policy/runtime.ts';
import { createOrigin, type Origin, reply } from '../testkit/origin.ts';
import type { TestProxy } from '../testkit/proxy.ts';
import { filtered, get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const forward = [{ weight: 1, priority: 0, cluster: 'c0', filters: [] }];

describe.each(transports)('on the %s transport', (_, transport) => {
  /** A proxy whose filter may call the second cluster. */
  async function scene(filter: (ask: (signal?: AbortSignal) => Promise<CallResponse>) => RuntimeFilter, asked: Origin) {
    let proxy: TestProxy | null = null;
    const ask = (signal?: AbortSignal): Promise<CallResponse> =>
      proxy!.call({
        cluster: 'c1',
        method: 'GET',
        path: '/ask',
        authority: 'asked',
        headers: {},
        timeout: 5_000,
        maxBody: 1_000,
        ...(signal === undefined ? {} : { signal }),
      });
    const options = filtered(filter(ask));
    const origin = stage.own(await createOrigin(() => reply('the origin')));
    const made = await stage.scene(transport, {
      ...options,
      rules: [{ ...options.rules![0], action: { kind: 'forward', backends: forward } }],
      backends: [origin.port, asked.port],
    });
    proxy = made.proxy;
    return { ...made, origin };
  }

  test('its answer decides', async () => {
    const asked = stage.own(await createOrigin(() => reply('no').replace('200 OK', '403 No')));
    const { client, origin } = await scene(
      (ask) => ({
        async onRequest(exchange) {
          if ((await ask(exchange.signal)).status === 403) exchange.deny('forbidden');
        },
      }),
      asked,
    );
    client.send(get('/') + get('/'));
    for (let i = 0; i < 2; i++) expect((await client.message()).startLine).toBe('HTTP/1.1 403 Forbidden');
    expect(asked.requests).toHaveLength(2);
    expect(origin.connections).toHaveLength(0);
  });

  test('a client that leaves gives it up', async () => {
    const asked = stage.own(await createOrigin(() => null));
    const failed: unknown[] = [];
    const { client, proxy } = await scene(
      (ask) => ({
        async onRequest(exchange) {
          await ask(exchange.signal).catch((error: Error & { code: string }) => failed.push(error.code));
          expect(exchange.signal.aborted).toBe(true);
          exchange.deny('forbidden');
        },
      }),
      asked,
    );
    client.send(get('/'));
    const upstream = await asked.connection(0);
    await upstream.message();
    client.reset();
    await proxy.recorded(1);
    await upstream.end();
    expect(failed).toEqual(['client-closed']);
    expect(proxy.faults).toEqual([]);
  });

  test('an exchange that ended in good order has nothing to give up', async () => {
    const signals: AbortSignal[] = [];
    const asked = stage.own(await createOrigin(() => reply('yes')));
    const { client, proxy } = await scene(
      (ask) => ({
        async onRequest(exchange) {
          signals.push(exchange.signal);
          await ask(exchange.signal);
        },
      }),
      asked,
    );
    client.send(get('/') + get('/'));
    for (let i = 0; i < 2; i++) expect(String((await client.message()).body)).toBe('the origin');
    await proxy.recorded(2);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(signals[0]).not.toBe(signals[1]);
  });

  test('what a transform sends in the middle of its work does not mix with what it emits', async () => {
    const asked = stage.own(await createOrigin(() => reply('asked')));
    const answers: Promise<CallResponse>[] = [];
    const { client } = await scene(
      (ask) => ({
        onResponse: (exchange) => {
          const noisy: BodyTransform = {
            data(bytes, sink) {
              sink.data(bytes);
              answers.push(ask());
              sink.data(bytes);
            },
            end: (sink) => sink.end(),
            close() {},
          };
          exchange.transformBody(noisy);
        },
      }),
      asked,
    );
    for (let i = 0; i < 3; i++) {
      client.send(get('/'));
      expect(String((await client.message()).body)).toBe('the originthe origin');
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { startLine, fields } of asked.requests) {
      expect([startLine, fields]).toEqual(['GET /ask HTTP/1.1', [['Host', 'asked']]]);
    }
  });
});
