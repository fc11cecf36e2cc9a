/** Control-plane half of API keys: takes the hashes of the selected objects, so that a revoked key is gone with one change of configuration. */
import type { APIKey } from '../../api/apikey.ts';
import { parseDuration } from '../../api/duration.ts';
import { matchesSelector } from '../../api/selector.ts';
import type { PolicyContext } from '../context.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import type { ApiKeyConfig, KeyOwner, KeySource } from './apikey-schema.ts';
import type { ApiKeySpec } from './apikey-spec.ts';
import { credentialProblems, durationProblems, locationsOf } from './credential-translate.ts';
import type { TokenLocations } from './jwt-schema.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateApiKey(spec: ApiKeySpec, path: string, context: PolicyContext): Translated<ApiKeyConfig> {
  const locations = locationsOf(spec.extractFrom, 'x-api-key', '');
  const { claimToHeaders = [], requiredScopes = [], forward } = spec;
  const source = spec.source === 'Objects' ? objectSource(spec, path, context) : redisSource(spec, path);
  const problems = [...credentialProblems(locations, claimToHeaders, path), ...(isProblems(source) ? source : [])];
  if (problems.length > 0 || isProblems(source)) return problems;
  return {
    locations,
    forward,
    scheme: schemeOf(locations),
    requiredScopes,
    claimToHeaders,
    tenant: context.namespace,
    source,
  };
}

function objectSource({ selector, redis }: ApiKeySpec, path: string, context: PolicyContext): Translated<KeySource> {
  if (selector === undefined)
    return [unsupported(`${path}.selector`, 'is missing; {} takes every APIKey of the namespace')];
  if (redis !== undefined) return [unsupported(`${path}.redis`, 'is read with source Redis only; remove it')];
  // Of this namespace alone: nobody else may let clients in here, nor is let in elsewhere.
  const selected = context.list('APIKey').filter(({ metadata }) => matchesSelector(selector, metadata.labels));
  return { kind: 'objects', owners: selected.filter(({ spec: { suspended } }) => !suspended).map(ownerOf) };
}

function redisSource({ selector, redis = {} }: ApiKeySpec, path: string): Translated<KeySource> {
  const { cacheDuration = '1m', maxStale = '5m' } = redis;
  const problems = [
    ...(selector === undefined
      ? []
      : [unsupported(`${path}.selector`, 'is for APIKey objects; remove it, or write source: Objects')]),
    ...durationProblems(cacheDuration, 0, 3_600_000, '0s to 1h', `${path}.redis.cacheDuration`),
    ...durationProblems(maxStale, 0, 86_400_000, '0s to 24h', `${path}.redis.maxStale`),
  ];
  if (problems.length > 0) return problems;
  return {
    kind: 'redis',
    cacheDuration: parseDuration(cacheDuration) ?? 0,
    maxStale: parseDuration(maxStale) ?? 0,
  };
}

function ownerOf({ spec }: APIKey): KeyOwner {
  return {
    subject: spec.subject,
    scopes: spec.scopes ?? [],
    metadata: spec.metadata ?? {},
    keys: spec.keys.map(({ id, hash, notBefore, expires }) => ({
      id,
      hash: hash.slice('sha256:'.length),
      notBefore: notBefore === undefined ? 0 : Date.parse(notBefore),
      expires: expires === undefined ? 0 : Date.parse(expires),
    })),
  };
}

/** RFC 9110 11.6.1: a challenge names a scheme. Where the key has one in Authorization, it is that. */
export function schemeOf({ headers }: TokenLocations): string {
  const scheme = headers.find(({ name }) => name === 'authorization')?.prefix.trim() ?? '';
  return /^[\w-]+$/.test(scheme) ? scheme : 'ApiKey';
}
