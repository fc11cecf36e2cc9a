/** A worker's end of the channel: what filters watch and ask of the services thread, over all lives of that thread. */
import type { MessagePort } from 'node:worker_threads';
import type { Answers, Feed, FeedKind, FeedValues, Question, QuestionKind } from '../policy/feeds.ts';
import type { FilterEnv, FilterServices, Watch } from '../policy/runtime.ts';
import { AskError } from '../services/ask-error.ts';
import type { ClusterCall, FromChannel, ToChannel } from '../services/channel.ts';
import { feedKey } from '../services/feed-key.ts';
import type { Clock } from '../store/clock.ts';

export interface ServicesClient extends FilterServices {
  /** A services thread began its life: it is asked from now on, and gets all watches again. Values stay until it has newer ones. */
  connect(port: MessagePort): void;
  /** What the services thread has this worker send is sent through this from now on. */
  serveCalls(call: FilterEnv['call']): void;
  close(): void;
}

interface Watched {
  readonly feed: Feed;
  readonly listeners: Set<Listener>;
  value: unknown;
}

interface Listener {
  readonly changed: ((value: never) => void) | undefined;
  /** Those who wait for the first value. */
  readonly waiting: Set<(value: never) => void>;
}

interface Asked {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: AskError) => void;
  readonly cancel: () => void;
}

export function createServicesClient(clock: Clock): ServicesClient {
  const watched = new Map<string, Watched>();
  const asked = new Map<number, Asked>();
  let channel: MessagePort | null = null;
  let lastId = 0;
  let send: FilterEnv['call'] = () => Promise.reject(new Error('the worker is not ready'));

  function post(message: FromChannel): void {
    channel?.postMessage(message);
  }

  function receive(message: ToChannel, port: MessagePort): void {
    switch (message.kind) {
      case 'value':
        take(message.key, message.value);
        break;
      case 'answer':
        settle(message.id)?.resolve(message.answer as never);
        break;
      case 'refused':
        settle(message.id)?.reject(new AskError(message.code, message.message));
        break;
      case 'call':
        void answerCall(message.id, message.call, port);
        break;
    }
  }

  async function answerCall(id: number, call: ClusterCall, port: MessagePort): Promise<void> {
    const answered = (answer: Extract<FromChannel, { kind: 'called' }>['answer']): void =>
      port.postMessage({ kind: 'called', id, answer } satisfies FromChannel);
    try {
      const { status, body } = await send(call);
      // A copy: of a part of a pool, all of the pool would cross.
      answered({ status, body: new Uint8Array(body) });
    } catch (error) {
      answered(Error.isError(error) ? error.message : String(error));
    }
  }

  function take(key: string, value: unknown): void {
    const entry = watched.get(key);
    if (entry === undefined) return;
    entry.value = value;
    for (const { waiting, changed } of entry.listeners) {
      for (const resolve of waiting) resolve(value as never);
      changed?.(value as never);
    }
  }

  function settle(id: number): Asked | undefined {
    const found = asked.get(id);
    asked.delete(id);
    found?.cancel();
    return found;
  }

  /** Nobody will answer what the ended life was asked. */
  function ended(port: MessagePort): void {
    if (channel !== port) return;
    channel = null;
    for (const id of asked.keys()) settle(id)?.reject(gone());
  }

  function enter(feed: Feed, listener: Listener): Watched {
    const key = feedKey(feed);
    const known = watched.get(key);
    const entry: Watched = known ?? { feed, listeners: new Set(), value: undefined };
    if (known === undefined) {
      watched.set(key, entry);
      post({ kind: 'watch', key, feed });
    }
    entry.listeners.add(listener);
    return entry;
  }

  function leave({ feed, listeners }: Watched, listener: Listener): void {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    const key = feedKey(feed);
    watched.delete(key);
    post({ kind: 'unwatch', key });
  }

  function watch<K extends FeedKind>(feed: Feed<K>, changed?: (value: FeedValues[K]) => void): Watch<FeedValues[K]> {
    const listener: Listener = { changed, waiting: new Set() };
    let entry = enter(feed, listener);
    let open = true;
    const leaveUnused = (): void => {
      if (!open && listener.waiting.size === 0) leave(entry, listener);
    };
    return {
      get value() {
        return entry.value as FeedValues[K] | undefined;
      },
      first(timeout) {
        // A closed watch is taken up again: an exchange ends by the filters that it began with.
        if (entry.value === undefined) entry = enter(feed, listener);
        const { promise, resolve, reject } = Promise.withResolvers<FeedValues[K]>();
        const settled = (value: FeedValues[K]): void => {
          cancel();
          listener.waiting.delete(settled);
          resolve(value);
          leaveUnused();
        };
        const cancel = clock.after(timeout, () => {
          listener.waiting.delete(settled);
          reject(new AskError('timeout', `no ${feed.kind} after ${timeout} ms`));
          leaveUnused();
        });
        listener.waiting.add(settled);
        if (entry.value !== undefined) settled(entry.value as FeedValues[K]);
        return promise;
      },
      close() {
        open = false;
        leaveUnused();
      },
    };
  }

  function ask<K extends QuestionKind>(question: Question<K>, timeout: number): Promise<Answers[K]> {
    if (channel === null) return Promise.reject(gone());
    const { promise, resolve, reject } = Promise.withResolvers<Answers[K]>();
    const id = ++lastId;
    const cancel = clock.after(timeout, () =>
      settle(id)?.reject(new AskError('timeout', `no answer to ${question.kind} after ${timeout} ms`)),
    );
    asked.set(id, { resolve, reject, cancel });
    post({ kind: 'ask', id, question, timeout });
    return promise;
  }

  return {
    watch,
    ask,
    serveCalls: (call) => void (send = call),
    connect(port) {
      const before = channel;
      if (before !== null) {
        ended(before);
        before.close();
      }
      channel = port;
      port.on('message', (message: ToChannel) => {
        // What an ended life had said last must not overtake its successor.
        if (channel === port) receive(message, port);
      });
      port.once('close', () => ended(port));
      for (const [key, { feed, value }] of watched) {
        post({ kind: 'watch', key, feed, ...(value === undefined ? {} : { last: value }) });
      }
    },
    close() {
      const port = channel;
      if (port === null) return;
      ended(port);
      port.close();
    },
  };
}

function gone(): AskError {
  return new AskError('services-gone', 'the services thread is gone; it is being restarted');
}
