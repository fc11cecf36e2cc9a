/** The feed `redisChannel`: each message that is published on a channel of Redis, and whether one may have been missed. */
import type { FeedStart, RunningFeed } from '../feed.ts';
import type { SharedRedis } from '../redis/redis.ts';

export function startRedisChannel(
  { config, publish }: FeedStart<'redisChannel'>,
  redis: Pick<SharedRedis, 'subscribe'>,
): RunningFeed {
  let subscription: { close(): void } | null = null;
  let closed = false;
  // Whoever starts it is not told from within the start.
  queueMicrotask(() => {
    if (!closed) subscription = redis.subscribe(config.channel, publish);
  });
  return {
    refresh: () => Promise.resolve(false),
    close() {
      closed = true;
      subscription?.close();
    },
  };
}
