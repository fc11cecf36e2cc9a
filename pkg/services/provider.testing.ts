/** A provider over HTTPS whose answers a test says, and a feed source that reaches it as default.example. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { EgressSettings } from '../ir/settings.ts';
import type { Feed, FeedKind, FeedValues } from '../policy/feeds.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { testCertificates } from '../testkit/certificates.ts';
import type { BreakerOptions } from './breakers.ts';
import type { CallCluster, FeedSource, RunningFeed } from './feed.ts';
import { createFeedSource } from './feed-source.ts';

export interface TestProvider {
  readonly origin: string;
  /** PEM that makes its certificate trusted. */
  readonly authority: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
  close(): Promise<void>;
}

export async function createProvider(): Promise<TestProvider> {
  const { certificate, key } = testCertificates().default;
  const server = createServer({ cert: certificate, key }, (request, response) => {
    provider.asked.push(request.url ?? '');
    void provider.answer(request, response);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  const provider: TestProvider = {
    origin: `https://default.example:${port}`,
    authority: certificate,
    asked: [],
    answer: (_request, response) => void response.writeHead(404).end(),
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
  return provider;
}

export const json = (value: unknown) => (_request: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

/** Loopback is allowed. */
export const testEgress: EgressSettings = { allowLoopback: true, deniedCIDRs: [], allowedHostnames: [] };

export interface Watched<K extends FeedKind> {
  readonly running: RunningFeed;
  readonly values: FeedValues[K][];
  readonly last: FeedValues[K] | undefined;
}

export interface TestSourceOptions {
  readonly timeout?: number;
  /** What every name resolves to. */
  readonly addresses?: readonly string[];
  readonly breakers?: BreakerOptions;
  /** What a worker would do. */
  readonly call?: CallCluster;
}

export function createTestSource(options: TestSourceOptions = {}) {
  const { timeout = 2000, addresses = ['127.0.0.1'], breakers = {} } = options;
  const { call = () => Promise.reject(new Error('there is no worker')) } = options;
  const logged: string[] = [];
  const tell = (_: object, message: string): void => void logged.push(message);
  const clock = new FakeClock();
  const wallClock = () => 1_000_000 + clock.now();
  const source: FeedSource = createFeedSource({
    clock,
    wallClock,
    random: () => 0.5,
    resolve: async () => addresses,
    timeout,
    breakers,
    log: { info: tell, warn: tell },
  });
  source.configure({ egress: testEgress, redis: null });
  const watch = <K extends FeedKind>(feed: Feed<K>, last?: FeedValues[K]): Watched<K> => {
    const values: FeedValues[K][] = [];
    const publish = (value: FeedValues[K]): void => void values.push(value);
    const running = source.start<K>(feed.kind, { config: feed.config, last, publish, call });
    return {
      running,
      values,
      get last() {
        return values.at(-1);
      },
    };
  };
  return { source, clock, watch, logged };
}
