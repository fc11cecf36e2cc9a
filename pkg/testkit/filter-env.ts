/** A FilterEnv for filter tests: clocks and answers are what the test says; what it does not say fails. */
import type { Message } from '@bufbuild/protobuf';
import type { FeedKind, QuestionKind, Questions } from '../policy/feeds.ts';
import type { Call, CallResponse, FilterEnv, UnaryCall, Watch } from '../policy/runtime.ts';

export interface FilterEnvOptions {
  readonly random?: () => number;
  readonly now?: () => number;
  readonly wallClock?: () => number;
  readonly dropped?: FilterEnv['dropped'];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly call?: (request: Call) => CallResponse | Promise<CallResponse>;
  readonly unary?: (call: UnaryCall) => Message | Promise<Message>;
  readonly feed?: (kind: FeedKind, config: unknown) => TestFeed;
  readonly ask?: (kind: QuestionKind, question: Questions[QuestionKind]) => unknown;
}

/** A feed whose value a test sets. */
export class TestFeed {
  value: unknown;
  watchers = 0;
  readonly #changed = new Set<(value: never) => void>();

  constructor(value?: unknown) {
    this.value = value;
  }

  set(value: unknown): void {
    this.value = value;
    for (const changed of this.#changed) changed(value as never);
  }

  watch<T>(changed?: (value: T) => void): Watch<T> {
    this.watchers++;
    if (changed !== undefined) this.#changed.add(changed);
    // eslint-disable-next-line typescript/no-this-alias
    const feed = this;
    return {
      get value() {
        return feed.value as T | undefined;
      },
      first: () =>
        feed.value === undefined ? Promise.reject(new Error('no value yet')) : Promise.resolve(feed.value as T),
      close: () => {
        feed.watchers--;
        if (changed !== undefined) feed.#changed.delete(changed);
      },
    };
  }
}

export function testFilterEnv(options: FilterEnvOptions = {}): FilterEnv {
  const missing = (what: string) => () => {
    throw new Error(`the test gives no ${what}`);
  };
  const feed = options.feed ?? missing('feed');
  const ask = options.ask ?? missing('answers');
  const call = options.call ?? missing('call');
  const unary = options.unary ?? missing('gRPC service');
  return {
    random: options.random ?? (() => 0),
    now: options.now ?? (() => performance.now()),
    wallClock: options.wallClock ?? (() => Date.now()),
    dropped: options.dropped ?? (() => undefined),
    secret(id) {
      const value = options.secrets?.[id];
      if (value === undefined) throw new Error(`no secret ${id} in the IR`);
      return value;
    },
    call: async (request) => call(request),
    unary: async (request) => unary(request),
    services: {
      watch: ({ kind, config }, changed) => feed(kind, config).watch(changed) as never,
      ask: async ({ kind, question }) => ask(kind, question) as never,
    },
  };
}
