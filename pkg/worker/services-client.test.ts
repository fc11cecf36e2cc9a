/** Both ends of a channel: equal feeds are one, an end is noticed on the other side, values outlive the thread that made them. */

import { MessageChannel, Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Feed, FeedValues, JwksValue } from '../policy/feeds.ts';
import type { CallResponse } from '../policy/runtime.ts';
import { AskError } from '../services/ask-error.ts';
import type { ClusterCall } from '../services/channel.ts';
import type { FeedSource, FeedStart } from '../services/feed.ts';
import { createFeedServer, type FeedServer } from '../services/feed-server.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { until } from '../testkit/until.ts';
import { createServicesClient, type ServicesClient } from './services-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Started = FeedStart<'jwks'> & { closed: boolean };

/** A services thread whose feeds the test speaks for. */
function createServices(answer: FeedSource['answer'] = () => Promise.reject(new Error('nobody knows'))) {
  const started: Started[] = [];
  const clock = new FakeClock();
  const source: FeedSource = {
    answer,
    configure: () => undefined,
    series: () => [],
    close: async () => undefined,
    start(_kind, start) {
      const feed: Started = { ...(start as unknown as FeedStart<'jwks'>), closed: false };
      started.push(feed);
      return { refresh: async () => true, close: () => (feed.closed = true) };
    },
  };
  const server = createFeedServer({ source, clock });
  cleanups.push(() => server.close());
  return { server, clock, started };
}

function createWorker(...servers: readonly FeedServer[]) {
  const clock = new FakeClock();
  const client = createServicesClient(clock);
  const connect = (server: FeedServer) => {
    const { port1, port2 } = new MessageChannel();
    server.connect(port1);
    client.connect(port2);
  };
  for (const server of servers) connect(server);
  cleanups.push(() => client.close());
  return { client, clock, connect };
}

const jwks = (uri: string): Feed<'jwks'> => ({
  kind: 'jwks',
  config: { source: { kind: 'uri', uri }, authority: null, cacheDuration: 1000, maxStale: 1000 },
});
const keysAt = (fetchedAt: number): JwksValue => ({ keys: [], fetchedAt, failure: '' });
const first = (client: ServicesClient, feed: Feed<'jwks'>) => client.watch(feed).first(1000);

describe('feeds', () => {
  test('equal ones are one over all workers, in whatever order their members stand', async () => {
    const { server, started } = createServices();
    const [one, two] = [createWorker(server), createWorker(server)];
    const seen: JwksValue[] = [];
    const watch = one.client.watch(jwks('https://a/'), (value) => seen.push(value));
    const { source, ...rest } = jwks('https://a/').config;
    const other = two.client.watch({ kind: 'jwks', config: { ...rest, source } });
    expect(watch.value).toBeUndefined();
    await until(() => started.length > 0);
    started[0]?.publish(keysAt(1));
    expect(await Promise.all([watch.first(1000), other.first(1000)])).toEqual([keysAt(1), keysAt(1)]);
    started[0]?.publish(keysAt(2));
    await until(() => other.value?.fetchedAt === 2 && seen.length === 2);
    expect(seen).toEqual([keysAt(1), keysAt(2)]);
    // Who comes later gets what there is.
    expect(await first(createWorker(server).client, jwks('https://a/'))).toEqual(keysAt(2));
    expect(started).toHaveLength(1);
  });

  test('different ones are not', async () => {
    const { server, started } = createServices();
    const { client } = createWorker(server);
    const [a, b] = [client.watch(jwks('https://a/')), client.watch(jwks('https://b/'))];
    await until(() => started.length === 2);
    started[1]?.publish(keysAt(2));
    started[0]?.publish(keysAt(1));
    expect(await Promise.all([a.first(1000), b.first(1000)])).toEqual([keysAt(1), keysAt(2)]);
    expect(started.map(({ config }) => config)).toEqual([jwks('https://a/').config, jwks('https://b/').config]);
  });

  test('run on for a minute after the last watcher, and then end', async () => {
    const { server, started, clock } = createServices();
    const [one, two] = [createWorker(server), createWorker(server)];
    const watches = [
      one.client.watch(jwks('https://a/')),
      one.client.watch(jwks('https://a/')),
      two.client.watch(jwks('https://a/')),
    ];
    await until(() => started.length > 0);
    started[0]?.publish(keysAt(1));
    await Promise.all(watches.map((watch) => watch.first(1000)));
    for (const watch of watches) watch.close();
    watches[0]?.close();
    await until(() => clock.waiting === 1);
    clock.advance(59_000);
    // Back in time: the value is there at once, and the end is called off.
    const again = one.client.watch(jwks('https://a/'));
    expect(await again.first(1000)).toEqual(keysAt(1));
    clock.advance(10_000);
    expect(started[0]?.closed).toBe(false);
    again.close();
    await until(() => clock.waiting === 1);
    clock.advance(60_000);
    expect(started[0]?.closed).toBe(true);
    one.client.watch(jwks('https://a/'));
    await until(() => started.length === 2);
  });

  test('a thread that dies gives back what it watched', async () => {
    const { server, started, clock } = createServices();
    const { port1, port2 } = new MessageChannel();
    server.connect(port1);
    const feed = JSON.stringify(jwks('https://a/'));
    const code = `require('node:worker_threads').workerData.postMessage({ kind: 'watch', key: 'k', feed: ${feed} }); setInterval(() => {}, 1000);`;
    const thread = new Worker(code, { eval: true, workerData: port2, transferList: [port2] });
    await until(() => started.length === 1);
    await thread.terminate();
    await until(() => clock.waiting === 1);
    clock.advance(60_000);
    expect(started[0]?.closed).toBe(true);
  });

  test('the first value is waited for as long as asked', async () => {
    const { server } = createServices();
    const { client, clock } = createWorker(server);
    const value = first(client, jwks('https://a/'));
    clock.advance(1000);
    await expect(value).rejects.toThrow(new AskError('timeout', 'no jwks after 1000 ms'));
  });

  test('one that is closed while somebody waits gives the first value, and then ends', async () => {
    const { server, started, clock } = createServices();
    const worker = createWorker(server);
    const watch = worker.client.watch(jwks('https://a/'));
    const [value, late] = [watch.first(1000), watch.first(10)];
    watch.close();
    watch.close();
    await until(() => started.length > 0);
    worker.clock.advance(10);
    await expect(late).rejects.toThrow('no jwks after 10 ms');
    expect(clock.waiting).toBe(0);
    started[0]?.publish(keysAt(1));
    expect(await value).toEqual(keysAt(1));
    await until(() => clock.waiting === 1);
    clock.advance(60_000);
    expect(started[0]?.closed).toBe(true);
  });

  test('one that was closed before is taken up again for who still asks', async () => {
    const { server, started, clock } = createServices();
    const watch = createWorker(server).client.watch(jwks('https://a/'));
    await until(() => started.length === 1);
    watch.close();
    await until(() => clock.waiting === 1);
    const value = watch.first(1000);
    await until(() => clock.waiting === 0);
    started[0]?.publish(keysAt(1));
    expect(await value).toEqual(keysAt(1));
    expect(await watch.first(1000)).toEqual(keysAt(1));
    await until(() => clock.waiting === 1);
  });

  test('shared memory is shared, not copied', async () => {
    const { server, started } = createServices();
    const watch = createWorker(server).client.watch(jwks('https://a/'));
    await until(() => started.length > 0);
    const memory = new SharedArrayBuffer(4);
    started[0]?.publish({ memory } as unknown as FeedValues['jwks']);
    const value = (await watch.first(1000)) as unknown as { readonly memory: SharedArrayBuffer };
    new Uint8Array(memory)[0] = 7;
    expect(new Uint8Array(value.memory)[0]).toBe(7);
  });
});

describe('a services thread that is replaced', () => {
  test('gets the watches again with their last values, which workers keep meanwhile', async () => {
    const [before, after] = [createServices(), createServices()];
    const { client, connect } = createWorker(before.server);
    const [kept, closed] = [client.watch(jwks('https://a/')), client.watch(jwks('https://b/'))];
    await until(() => before.started.length === 2);
    before.started[0]?.publish(keysAt(1));
    await kept.first(1000);
    before.server.close();
    closed.close();
    connect(after.server);
    await until(() => after.started.length > 0);
    expect(after.started.map(({ config, last }) => [config, last])).toEqual([[jwks('https://a/').config, keysAt(1)]]);
    expect(kept.value).toEqual(keysAt(1));
    after.started[0]?.publish(keysAt(2));
    await until(() => kept.value?.fetchedAt === 2);
  });

  test('is not overtaken by what the one before had said last', async () => {
    const [before, after] = [createServices(), createServices()];
    const { client, connect } = createWorker(before.server);
    const watch = client.watch(jwks('https://a/'));
    await until(() => before.started.length > 0);
    connect(after.server);
    before.started[0]?.publish(keysAt(1));
    await until(() => after.started.length > 0);
    after.started[0]?.publish(keysAt(2));
    expect(await watch.first(1000)).toEqual(keysAt(2));
  });
});

describe('questions', () => {
  const question = { kind: 'refresh', question: jwks('https://a/') } as const;
  const forever = () => new Promise<never>(() => undefined);

  test('are answered, each by its own answer', async () => {
    const { server } = createServices(async ({ question }) => (question as Feed<'jwks'>).config.maxStale as never);
    const { client } = createWorker(server);
    const ask = (maxStale: number) =>
      client.ask(
        { kind: 'refresh', question: { kind: 'jwks', config: { ...question.question.config, maxStale } } },
        100,
      );
    expect(await Promise.all([ask(1), ask(2)])).toEqual([1, 2]);
  });

  test('reject with the reason that the answer gives, or as failed', async () => {
    let error: Error = new AskError('timeout', 'too slow');
    const { client } = createWorker(createServices(() => Promise.reject(error)).server);
    await expect(client.ask(question, 1000)).rejects.toMatchObject({ code: 'timeout', message: 'too slow' });
    error = new Error('a bug');
    await expect(client.ask(question, 1000)).rejects.toMatchObject({ code: 'failed', message: 'a bug' });
  });

  test('time out on both sides', async () => {
    const signals: AbortSignal[] = [];
    const { server, clock } = createServices((_question, { signal }) => {
      signals.push(signal);
      return forever();
    });
    const worker = createWorker(server);
    const answer = worker.client.ask(question, 1000);
    await until(() => signals.length === 1);
    worker.clock.advance(1000);
    await expect(answer).rejects.toMatchObject({ code: 'timeout' });
    expect(signals[0]?.aborted).toBe(false);
    clock.advance(1000);
    expect(signals[0]?.aborted).toBe(true);
  });

  test('reject at once when the services thread is gone, before and while', async () => {
    const { client } = createWorker();
    await expect(client.ask(question, 1000)).rejects.toMatchObject({ code: 'services-gone' });
    const { server } = createServices(forever);
    const answer = createWorker(server).client.ask(question, 1000);
    server.close();
    await expect(answer).rejects.toMatchObject({ code: 'services-gone' });
  });

  test('of a worker that died are given up', async () => {
    const signals: AbortSignal[] = [];
    const { server } = createServices((_question, { signal }) => {
      signals.push(signal);
      return forever();
    });
    const { client } = createWorker(server);
    const answer = client.ask(question, 1000);
    await until(() => signals.length === 1);
    client.close();
    await expect(answer).rejects.toMatchObject({ code: 'services-gone' });
    await until(() => signals[0]?.aborted === true);
  });
});

describe('calls to clusters, which workers make for the services thread', () => {
  const call: ClusterCall = {
    cluster: 'Service/shop/keycloak:80',
    method: 'GET',
    path: '/certs',
    authority: 'keycloak.shop:80',
    headers: {},
    timeout: 1000,
    maxBody: 100,
  };
  const never = new AbortController().signal;

  /** A worker that answers calls, and watches. */
  async function createCaller(
    { server, started }: ReturnType<typeof createServices>,
    serve: (call: ClusterCall) => Promise<CallResponse>,
  ) {
    const worker = createWorker(server);
    worker.client.serveCalls(serve);
    const watch = worker.client.watch(jwks('https://a/'));
    await until(() => started.length > 0);
    started[0]?.publish(keysAt(1));
    await watch.first(1000);
    return { ...worker, watch };
  }
  const answer = (text: string) => async (): Promise<CallResponse> => ({
    status: 200,
    headers: new Map(),
    body: Buffer.from(text),
  });

  test('go to one that watches the feed, in turn, and come back', async () => {
    const services = createServices();
    const seen: ClusterCall[] = [];
    await createCaller(services, (request) => {
      seen.push(request);
      return answer('one')();
    });
    await createCaller(services, answer('two'));
    createWorker(services.server).client.serveCalls(answer('does not watch'));
    const answers: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { status, body } = await services.started[0]!.call(call, never);
      answers.push(`${status} ${Buffer.from(body).toString()}`);
    }
    expect(answers.toSorted()).toEqual(['200 one', '200 one', '200 two', '200 two']);
    expect(seen).toEqual([call, call]);
  });

  test('go to any worker while nobody watches, and to none if there is none', async () => {
    const services = createServices();
    const { client, watch } = await createCaller(services, answer('one'));
    watch.close();
    await until(() => services.clock.waiting === 1);
    expect(Buffer.from((await services.started[0]!.call(call, never)).body).toString()).toBe('one');
    client.close();
    await until(async () => {
      try {
        await services.started[0]!.call(call, AbortSignal.timeout(100));
        return false;
      } catch (error) {
        return (error as Error).message === 'there is no worker to ask it';
      }
    });
  });

  test('fail with what the worker says', async () => {
    const services = createServices();
    await createCaller(services, () => Promise.reject(new Error('the answer is longer than 100 bytes')));
    await expect(services.started[0]!.call(call, never)).rejects.toThrow('the answer is longer than 100 bytes');
    const { client } = createWorker(services.server);
    client.watch(jwks('https://b/'));
    await until(() => services.started.length === 2);
    await expect(services.started[1]!.call(call, never)).rejects.toThrow('the worker is not ready');
  });

  test('fail when the time is over, and when the worker ends', async () => {
    const services = createServices();
    let asked = 0;
    const { client } = await createCaller(services, () => {
      asked++;
      return new Promise(() => undefined);
    });
    const late = new AbortController();
    const slow = services.started[0]!.call(call, late.signal);
    await until(() => asked === 1);
    late.abort();
    await expect(slow).rejects.toThrow('no answer in time');
    const lost = services.started[0]!.call(call, never);
    await until(() => asked === 2);
    client.close();
    await expect(lost).rejects.toThrow('the worker that asked it has ended');
  });
});
