/** Where the keys of a JWT method come from: references resolved, durations checked. */
import { parseDuration } from '../../api/duration.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { keyName } from '../key-name.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import { addressProblems, translateAuthority, translateEndpoint } from './endpoint-translate.ts';
import { readLocalKeys } from './jwt-local-keys.ts';
import type { KeysConfig } from './jwt-schema.ts';
import type { JwtSpec } from './jwt-spec.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Remote = NonNullable<JwtSpec['remoteJWKS']>;
type Discovery = NonNullable<JwtSpec['discovery']>;

export function translateKeys(spec: JwtSpec, path: string, context: PolicyContext): Translated<KeysConfig> {
  const given = (['remoteJWKS', 'discovery', 'localJWKS'] as const).filter((name) => spec[name] !== undefined);
  if (given.length > 1) return [unsupported(path, `${given.join(' and ')} exclude each other; keep one of them`)];
  if (spec.remoteJWKS !== undefined) return remoteKeys(spec.remoteJWKS, `${path}.remoteJWKS`, context);
  if (spec.discovery !== undefined) return discoveredKeys(spec.issuer ?? '', spec.discovery, path, context);
  if (spec.localJWKS !== undefined) return localKeys(spec.localJWKS, `${path}.localJWKS`, context);
  if (spec.sharedSecret === undefined)
    return [unsupported(path, 'no keys are given; add remoteJWKS, discovery, localJWKS or sharedSecret')];
  return { kind: 'fixed', keys: [] };
}

function remoteKeys(remote: Remote, path: string, context: PolicyContext): Translated<KeysConfig> {
  const endpoint = translateEndpoint(remote, path, context);
  const times = freshness(remote, path);
  if (isProblems(endpoint)) return [...endpoint, ...(isProblems(times) ? times : [])];
  if (isProblems(times)) return times;
  // How a backend is spoken to, TLS and its CA included, is the cluster's.
  if (endpoint.kind === 'cluster') return { kind: 'feed', feed: { source: endpoint, authority: null, ...times } };
  const { uri, authority } = endpoint;
  return { kind: 'feed', feed: { source: { kind: 'uri', uri }, authority, ...times } };
}

function discoveredKeys(
  issuer: string,
  discovery: Discovery,
  path: string,
  context: PolicyContext,
): Translated<KeysConfig> {
  const at = `${path}.discovery`;
  const times = freshness(discovery, at);
  const authority = translateAuthority(discovery, at, context);
  const problems = [
    ...addressProblems(issuer, `${path}.issuer`),
    ...(isProblems(times) ? times : []),
    ...(isProblems(authority) ? authority : []),
  ];
  if (problems.length > 0 || isProblems(times) || isProblems(authority)) return problems;
  return { kind: 'feed', feed: { source: { kind: 'discovery', issuer }, authority: authority.pem, ...times } };
}

function localKeys(
  local: NonNullable<JwtSpec['localJWKS']>,
  path: string,
  context: PolicyContext,
): Translated<KeysConfig> {
  const member = local.type === 'Inline' ? 'inline' : 'valueRef';
  const other = local.type === 'Inline' ? 'valueRef' : 'inline';
  if (local[other] !== undefined)
    return [unsupported(`${path}.${other}`, `is not read with type ${local.type}; remove it`)];
  const at = `${path}.${member}`;
  const text = local.type === 'Inline' ? local.inline : valueOf(local.valueRef, at, context);
  if (text === undefined) return [unsupported(at, `is missing; add it, or correct type (${local.type})`)];
  if (typeof text !== 'string') return [text];
  const keys = readLocalKeys(text);
  if (typeof keys !== 'string') return { kind: 'fixed', keys };
  const { type, valueRef } = local;
  const where = type === 'ValueRef' && valueRef !== undefined ? `${keyName(valueRef.kind, valueRef, context)} ` : '';
  return [unsupported(at, `${where}${keys}`)];
}

function valueOf(
  ref: { readonly kind: 'ConfigMap' | 'Secret'; readonly name: string; readonly key: string } | undefined,
  path: string,
  context: PolicyContext,
): string | Problem | undefined {
  if (ref === undefined) return undefined;
  const found = ref.kind === 'Secret' ? context.secret(ref, path) : context.configMap(ref, path);
  return found.problem ?? found.value;
}

function freshness(
  { cacheDuration, maxStale }: Discovery,
  path: string,
): Translated<{ readonly cacheDuration: number; readonly maxStale: number }> {
  const times = {
    cacheDuration: cacheDuration === undefined ? 5 * MINUTE : (parseDuration(cacheDuration) ?? 0),
    maxStale: maxStale === undefined ? 12 * HOUR : (parseDuration(maxStale) ?? Infinity),
  };
  const problems = [
    ...(times.cacheDuration < 10_000 || times.cacheDuration > 24 * HOUR
      ? [unsupported(`${path}.cacheDuration`, `${cacheDuration} is not from 10s to 24h`)]
      : []),
    ...(times.maxStale > 168 * HOUR ? [unsupported(`${path}.maxStale`, `${maxStale} is longer than 168h`)] : []),
  ];
  return problems.length > 0 ? problems : times;
}
