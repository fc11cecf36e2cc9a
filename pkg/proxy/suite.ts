/** The stage of the proxy's tests: every behaviour runs on each transport, between a raw client and a scripted origin. */

import type { RuntimeFilter } from '../policy/runtime.ts';
import { openClient } from '../testkit/client.ts';
import { type Answer, createOrigin, type Origin, reply } from '../testkit/origin.ts';
import { createTestProxy, type TestProxy, type TestProxyOptions } from '../testkit/proxy.ts';
import type { RawStream } from '../testkit/stream.ts';
import type { Timers } from './timers.ts';
import type { Transport } from './transport.ts';
import { createHandleTransport } from './transport-handle.ts';
import { createSocketTransport } from './transport-socket.ts';

type CreateTransport = (timers: Timers) => Transport;

export const transports: readonly (readonly [name: string, create: CreateTransport])[] = [
  ['socket', createSocketTransport],
  ['handle', createHandleTransport],
];

export interface Scene {
  readonly proxy: TestProxy;
  readonly client: RawStream;
  readonly origin: Origin;
  /** One more client. */
  readonly connect: () => Promise<RawStream>;
}

/** Opens what a test needs, and closes it in the reverse order. */
export class Stage {
  readonly #opened: { close(): unknown }[] = [];

  own<T extends { close(): unknown }>(thing: T): T {
    this.#opened.push(thing);
    return thing;
  }

  /** @param answer of the origin; null leaves its connections to the test. Default: 200 with the request line. */
  async scene(
    transport: CreateTransport,
    options: TestProxyOptions = {},
    answer: Answer | null = (request) => reply(request.startLine),
  ): Promise<Scene> {
    const origin = this.own(await createOrigin(answer ?? undefined));
    const proxy = this.own(await createTestProxy({ transport, backends: [origin.port], ...options }));
    const connect = async (): Promise<RawStream> => this.own(await openClient(proxy.port));
    return { proxy, origin, connect, client: await connect() };
  }

  async close(): Promise<void> {
    for (const each of this.#opened.splice(0).toReversed()) await each.close();
  }
}

/** A GET of example.com. */
export const get = (path: string, ...fields: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: example.com', ...fields, '', ''].join('\r\n');

export const post = (body: string, ...fields: string[]): string =>
  ['POST / HTTP/1.1', 'Host: example.com', `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n');

/** One rule with these filters, in their order. */
export function filtered(...filters: readonly RuntimeFilter[]): TestProxyOptions {
  return {
    rules: [{ filters: filters.map((_, i) => `f${i}`) }],
    runtimeFilters: Object.fromEntries(filters.map((filter, i) => [`f${i}`, filter])),
  };
}
