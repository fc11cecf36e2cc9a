/** The services' end of the channels: equal feeds of all workers are one, and it runs as long as one of them watches. */
import type { MessagePort } from 'node:worker_threads';
import type { AskFailure, Feed, FeedKind, FeedValues } from '../policy/feeds.ts';
import type { Clock } from '../store/clock.ts';
import { AskError } from './ask-error.ts';
import type { FromChannel, ToChannel } from './channel.ts';
import type { FeedSource, RunningFeed } from './feed.ts';
import { feedKey } from './feed-key.ts';
import { Patience } from './patience.ts';
import { createWorkerCalls } from './worker-calls.ts';

export interface FeedServer {
  /** A worker's life began; its end closes the port, which gives back what it watches. */
  connect(port: MessagePort): void;
  close(): void;
}

export interface FeedServerOptions {
  readonly source: FeedSource;
  readonly clock: Clock;
}

interface Entry {
  readonly running: RunningFeed;
  readonly watchers: Set<MessagePort>;
  /** Absent before the first. A box, since a value may be anything. */
  value?: { readonly of: unknown };
  cancelEnd: (() => void) | null;
}

/**
 * How long a feed runs on after its last watcher, in milliseconds: a worker that was replaced, or a filter that was built anew, finds its
 * value, and a cooldown holds over such changes.
 */
const Linger = 60_000;

export function createFeedServer({ source, clock }: FeedServerOptions): FeedServer {
  const entries = new Map<string, Entry>();
  const ports = new Set<MessagePort>();
  const calls = createWorkerCalls();

  function receive(port: MessagePort, waiting: Set<AbortController>, message: FromChannel): void {
    switch (message.kind) {
      case 'watch':
        watch(port, message);
        break;
      case 'unwatch':
        unwatch(port, message.key);
        break;
      case 'ask':
        void answer(port, waiting, message);
        break;
      case 'called':
        calls.called(port, message);
        break;
    }
  }

  function watch(port: MessagePort, { key, feed, last }: Extract<FromChannel, { kind: 'watch' }>): void {
    const entry = entries.get(key) ?? start(key, feed, last);
    entry.cancelEnd?.();
    entry.cancelEnd = null;
    entry.watchers.add(port);
    if (entry.value !== undefined) send(port, { kind: 'value', key, value: entry.value.of });
  }

  function start<K extends FeedKind>(key: string, { kind, config }: Feed<K>, last: unknown): Entry {
    const watchers = new Set<MessagePort>();
    const running = source.start(kind, {
      config,
      last: last as FeedValues[K] | undefined,
      publish(value) {
        entry.value = { of: value };
        for (const port of watchers) send(port, { kind: 'value', key, value });
      },
      // While the feed lingers, whoever is there: another worker may need it next.
      call: calls.from(() => (watchers.size > 0 ? watchers : ports)),
    });
    const entry: Entry = { running, watchers, cancelEnd: null };
    entries.set(key, entry);
    return entry;
  }

  function unwatch(port: MessagePort, key: string): void {
    const entry = entries.get(key);
    if (entry === undefined || !entry.watchers.delete(port) || entry.watchers.size > 0) return;
    entry.cancelEnd = clock.after(Linger, () => {
      entries.delete(key);
      entry.running.close();
    });
  }

  const running = (feed: Feed): RunningFeed | undefined => entries.get(feedKey(feed))?.running;

  async function answer(
    port: MessagePort,
    waiting: Set<AbortController>,
    { id, question, timeout }: Extract<FromChannel, { kind: 'ask' }>,
  ): Promise<void> {
    const asking = new Patience({ timeout, waiting, clock, running });
    try {
      send(port, { kind: 'answer', id, answer: await source.answer(question, asking) });
    } catch (error) {
      const code: AskFailure = error instanceof AskError ? error.code : 'failed';
      send(port, { kind: 'refused', id, code, message: Error.isError(error) ? error.message : String(error) });
    } finally {
      asking.end();
    }
  }

  /** To a port whose worker has ended it goes nowhere. */
  function send(port: MessagePort, message: ToChannel): void {
    port.postMessage(message);
  }

  return {
    connect(port) {
      const waiting = new Set<AbortController>();
      ports.add(port);
      port.on('message', (message: FromChannel) => receive(port, waiting, message));
      port.once('close', () => {
        ports.delete(port);
        calls.ended(port);
        for (const controller of waiting) controller.abort(new AskError('failed', 'the worker that asked has ended'));
        for (const key of entries.keys()) unwatch(port, key);
      });
    },
    close() {
      for (const port of ports) port.close();
      for (const { running, cancelEnd } of entries.values()) {
        cancelEnd?.();
        running.close();
      }
      entries.clear();
    },
  };
}
