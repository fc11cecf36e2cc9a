/** The feed `jwks`: keys of an issuer, by the URL of its key set, by its discovery document, or from a backend that serves them. */
import type { JwksFeed } from '../../policy/feeds.ts';
import type { CallCluster, FeedStart, RunningFeed } from '../feed.ts';
import type { Documents } from './documents.ts';
import { type FreshEnv, keepFresh } from './keep-fresh.ts';
import { loadProvider } from './provider.ts';
import { type Jwk, usableKeys } from './usable-keys.ts';

export function startJwks(
  { config, last, publish, call }: FeedStart<'jwks'>,
  documents: Documents,
  env: FreshEnv,
): RunningFeed {
  const { cacheDuration, maxStale } = config;
  return keepFresh<readonly Jwk[]>(
    {
      cacheDuration,
      maxStale,
      load: async (signal) => usableKeys(await loadKeySet(config, documents, call, env.timeout, signal)),
      last: last === undefined ? null : { ...last, value: last.keys },
      publish: ({ value, fetchedAt, failure }) => publish({ keys: value, fetchedAt, failure }),
    },
    env,
  );
}

async function loadKeySet(
  { source, authority, insecure = false }: JwksFeed,
  { load, fromCluster }: Documents,
  call: CallCluster,
  timeout: number,
  signal: AbortSignal,
): Promise<unknown> {
  switch (source.kind) {
    case 'uri':
      return load({ url: source.uri, authority, insecure }, signal);
    case 'cluster':
      return fromCluster(source, timeout, call, signal);
    case 'discovery': {
      const { jwks_uri: url } = await loadProvider(load, { issuer: source.issuer, authority, insecure }, signal);
      if (url === undefined) throw new Error(`the discovery document of ${source.issuer} names no jwks_uri`);
      return load({ url, authority, insecure }, signal);
    }
    default:
      return source satisfies never;
  }
}
