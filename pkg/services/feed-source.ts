/** All feeds and answers, by kind: the one registry of the services thread. */
import type { Answers, Feed, FeedKind, Question, QuestionKind } from '../policy/feeds.ts';
import type { FeedSource, FeedStart, RunningFeed } from './feed.ts';

interface Asking {
  readonly signal: AbortSignal;
  readonly running: (feed: Feed) => RunningFeed | undefined;
}

const starts: { readonly [K in FeedKind]: (start: FeedStart<K>) => RunningFeed } = {
  jwks({ publish }) {
    queueMicrotask(() => publish({ keys: null, fetchedAt: 0, failure: 'keys are not fetched yet' }));
    return { refresh: async () => false, close: () => undefined };
  },
  geoip({ publish }) {
    queueMicrotask(() => publish({ database: null, failure: 'databases are not read yet' }));
    return { refresh: async () => false, close: () => undefined };
  },
  discovery({ publish }) {
    queueMicrotask(() => publish({ provider: null, fetchedAt: 0, failure: 'documents are not fetched yet' }));
    return { refresh: async () => false, close: () => undefined };
  },
};

const answers: {
  readonly [K in QuestionKind]: (question: Question<K>['question'], asking: Asking) => Promise<Answers[K]>;
} = {
  refresh: async (feed, { running }) => (await running(feed)?.refresh()) ?? false,
};

export function createFeedSource(): FeedSource {
  return {
    start: (kind, start) => starts[kind](start),
    answer: ({ kind, question }, signal, running) => answers[kind](question, { signal, running }),
  };
}
