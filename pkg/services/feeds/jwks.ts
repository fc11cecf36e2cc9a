/** The feed `jwks`: keys of an issuer, by the URL of its key set or by its discovery document. */
import type { JwksFeed } from '../../policy/feeds.ts';
import type { FeedStart, RunningFeed } from '../feed.ts';
import type { LoadDocument } from './documents.ts';
import { type FreshEnv, keepFresh } from './keep-fresh.ts';
import { loadProvider } from './provider.ts';
import { type Jwk, usableKeys } from './usable-keys.ts';

export function startJwks(
  { config, last, publish }: FeedStart<'jwks'>,
  load: LoadDocument,
  env: FreshEnv,
): RunningFeed {
  const { cacheDuration, maxStale } = config;
  return keepFresh<readonly Jwk[]>(
    {
      cacheDuration,
      maxStale,
      load: (signal) => loadKeys(config, load, signal),
      last: last === undefined ? null : { ...last, value: last.keys },
      publish: ({ value, fetchedAt, failure }) => publish({ keys: value, fetchedAt, failure }),
    },
    env,
  );
}

async function loadKeys(
  { source, authority, insecure = false }: JwksFeed,
  load: LoadDocument,
  signal: AbortSignal,
): Promise<readonly Jwk[]> {
  if (source.kind === 'uri') return usableKeys(await load({ url: source.uri, authority, insecure }, signal));
  const { jwks_uri: url } = await loadProvider(load, { issuer: source.issuer, authority, insecure }, signal);
  if (url === undefined) throw new Error(`the discovery document of ${source.issuer} names no jwks_uri`);
  return usableKeys(await load({ url, authority, insecure }, signal));
}
