/** Key configurations → key sources. */
import type { FilterEnv } from '../runtime.ts';
import type { KeysConfig } from './jwt-schema.ts';
import { FeedKeys } from './key-feed.ts';
import { KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';

export function createKeySource(config: KeysConfig, env: FilterEnv): KeySource {
  switch (config.kind) {
    case 'fixed': {
      const keys = new KeySet(config.keys);
      return { current: () => keys, refresh: async () => false, close: () => undefined };
    }
    case 'feed':
      return new FeedKeys(config.feed, env);
    default:
      return config satisfies never;
  }
}
