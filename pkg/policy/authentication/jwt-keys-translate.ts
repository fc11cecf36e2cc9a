/** Where the keys of a JWT method come from: references resolved, durations checked. */
import { parseDuration } from '../../api/duration.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import type { JwksFeed } from '../feeds.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
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
  const { uri, backendRef, path: keyPath } = remote;
  if ((uri === undefined) === (backendRef === undefined))
    return [unsupported(path, 'exactly one of uri and backendRef must be set')];
  if (uri !== undefined) {
    if (keyPath !== undefined) return [unsupported(`${path}.path`, 'is for backendRef; write the path into uri')];
    return feed({ kind: 'uri', uri }, `${path}.uri`, uri, remote, path, context);
  }
  if (backendRef === undefined || keyPath === undefined)
    return [unsupported(`${path}.path`, 'is missing; write the path of the key set, such as /jwks.json')];
  if (remote.caCertificateRef !== undefined)
    return [unsupported(`${path}.caCertificateRef`, 'is for uri; a BackendTLSPolicy says it for backendRef')];
  const cluster = context.backend(backendRef, `${path}.backendRef`);
  const times = freshness(remote, path);
  if (typeof cluster !== 'string') return [cluster];
  if (isProblems(times)) return times;
  const host = `${backendRef.name}.${backendRef.namespace ?? context.namespace}`;
  const authority = backendRef.port === undefined ? host : `${host}:${backendRef.port}`;
  return { kind: 'cluster', cluster, authority, path: keyPath, ...times };
}

function discoveredKeys(
  issuer: string,
  discovery: Discovery,
  path: string,
  context: PolicyContext,
): Translated<KeysConfig> {
  return feed({ kind: 'discovery', issuer }, `${path}.issuer`, issuer, discovery, `${path}.discovery`, context);
}

function feed(
  source: JwksFeed['source'],
  addressPath: string,
  address: string,
  options: Discovery,
  path: string,
  context: PolicyContext,
): Translated<KeysConfig> {
  const times = freshness(options, path);
  const authority = trust(options, path, context);
  const problems = [
    ...(isHttps(address)
      ? []
      : [unsupported(addressPath, `${JSON.stringify(address)} is no https address without user and fragment`)]),
    ...(isProblems(times) ? times : []),
    ...(authority.problem === undefined ? [] : [authority.problem]),
  ];
  if (problems.length > 0 || isProblems(times)) return problems;
  return { kind: 'feed', feed: { source, authority: authority.pem, ...times } };
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
  return typeof keys === 'string' ? [unsupported(at, keys)] : { kind: 'fixed', keys };
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

function trust(
  { caCertificateRef }: Discovery,
  path: string,
  context: PolicyContext,
): { readonly pem: string | null; readonly problem?: Problem } {
  if (caCertificateRef === undefined) return { pem: null };
  const found = context.authority(caCertificateRef, `${path}.caCertificateRef`);
  return found.problem === undefined ? { pem: found.value } : { pem: null, problem: found.problem };
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

function isHttps(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === '';
}
