/** The feed `discovery`: what an OpenID provider says of itself. */
import type { ProviderMetadata } from '../../policy/feeds.ts';
import type { FeedStart, RunningFeed } from '../feed.ts';
import type { LoadDocument } from './documents.ts';
import { type FreshEnv, keepFresh } from './keep-fresh.ts';
import { loadProvider } from './provider.ts';

export function startDiscovery(
  { config, last, publish }: FeedStart<'discovery'>,
  load: LoadDocument,
  env: FreshEnv,
): RunningFeed {
  const { issuer, authority, insecure = false, cacheDuration, maxStale } = config;
  return keepFresh<ProviderMetadata>(
    {
      cacheDuration,
      maxStale,
      load: (signal) => loadProvider(load, { issuer, authority, insecure }, signal),
      last: last === undefined ? null : { ...last, value: last.provider },
      publish: ({ value, fetchedAt, failure }) => publish({ provider: value, fetchedAt, failure }),
    },
    env,
  );
}
