/**
 * The services in a real thread, which dies when its logs are to be opened anew. Its feeds tell in `failure` who made them and from what:
 * the thread, how many feeds it has started, the egress settings, and the `failure` that a worker still held.
 */
import { parentPort, threadId } from 'node:worker_threads';
import type { Feed, JwksValue } from '../../policy/feeds.ts';
import type { FeedSource, FeedStart } from '../../services/feed.ts';
import type { ToServices } from '../protocol.ts';
import { runServices } from '../services-main.ts';

let starts = 0;
let denied: readonly string[] = [];

const source: FeedSource = {
  start(_kind, start) {
    const { publish, last } = start as unknown as FeedStart<'jwks'>;
    const value: JwksValue = { keys: null, fetchedAt: 0, failure: `${threadId} ${++starts} ${denied.join()} after ${last?.failure ?? '-'}` };
    queueMicrotask(() => publish(value));
    return { refresh: async () => true, close: () => undefined };
  },
  configure: ({ egress }) => (denied = egress.deniedCIDRs),
  series: () => [],
  close: async () => undefined,
  answer: async ({ question }, { running }) => (await running(question as Feed)?.refresh()) as never,
};

await runServices(() => source);
parentPort?.on('message', (message: ToServices) => {
  if (message.kind === 'reopen') throw new Error('the test asked for it');
});
