/** Control-plane half of external authorization as a method. */
import { parseDuration } from '../../api/duration.ts';
import { parseSize } from '../../api/quantity.ts';
import type { CacheConfig, ExternalAuthConfig, GrpcService, HttpService } from '../../extauth/config.ts';
import { serviceAuthority } from '../../extauth/service-name.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { ExternalAuthMethodConfig, SigninConfig } from './extauth-schema.ts';
import type { ExternalAuthSpec } from './extauth-spec.ts';
import { headerProblems } from './identity-header.ts';

type HttpSpec = NonNullable<ExternalAuthSpec['http']>;

const MAX_BODY = 1024 * 1024;

/** @param path where `spec` stands in its object, for messages */
export function translateExternalAuth(
  spec: ExternalAuthSpec,
  path: string,
  context: PolicyContext,
): Translated<ExternalAuthMethodConfig> {
  const { identity = {}, statusOnError } = spec;
  const timeout = parseDuration(spec.timeout ?? '5s') ?? 0;
  const maxBody =
    spec.forwardBody === undefined ? 0 : (parseSize(spec.forwardBody.maxSize) ?? Number.POSITIVE_INFINITY);
  const cluster = context.backend(spec.backendRef, `${path}.backendRef`);
  const service = serviceOf(spec, context.namespace);
  const problems = [
    ...(typeof cluster === 'string' ? [] : [cluster]),
    ...memberProblems(spec, path),
    ...(spec.http === undefined ? [] : httpProblems(spec.http, spec.forwardBody !== undefined, `${path}.http`)),
    ...(timeout >= 10 && timeout <= 30_000
      ? []
      : [unsupported(`${path}.timeout`, `${spec.timeout} is not from 10ms to 30s`)]),
    ...(spec.forwardBody === undefined || (maxBody > 0 && maxBody <= MAX_BODY)
      ? []
      : [unsupported(`${path}.forwardBody.maxSize`, `${spec.forwardBody.maxSize} is not from 1 to 1Mi`)]),
    ...cacheProblems(spec, path),
  ];
  if (problems.length > 0 || typeof cluster !== 'string' || service === null) return problems;
  const check: ExternalAuthConfig = { cluster, service, maxBody, timeout, statusOnError, cache: cacheOf(spec.cache) };
  return {
    check,
    signin: signinOf(spec.http),
    identity: {
      subject: factOf(identity.subject, spec),
      tenant: factOf(identity.tenant, spec),
      scopes: factOf(identity.scopes, spec),
      roles: factOf(identity.roles, spec),
    },
  };
}

function serviceOf(spec: ExternalAuthSpec, namespace: string): HttpService | GrpcService | null {
  if (spec.protocol === 'GRPC') {
    const { allowedHeaders, contextExtensions = {} } = spec.grpc ?? {};
    return { protocol: 'GRPC', requestHeaders: lower(allowedHeaders), contextExtensions };
  }
  if (spec.http === undefined) return null;
  const { path, method, allowedHeaders, allowedResponseHeaders = [] } = spec.http;
  return {
    protocol: 'HTTP',
    authority: serviceAuthority(spec.backendRef, namespace),
    method: method ?? (spec.forwardBody === undefined ? 'GET' : 'POST'),
    path: { type: 'Fixed', value: path },
    contract: 'nginx',
    requestHeaders: lower(allowedHeaders),
    responseHeaders: allowedResponseHeaders,
    passes: 'Any2xx',
    refusals: 'None',
  };
}

function lower(names: readonly string[] | undefined): readonly string[] | null {
  return names?.map((name) => name.toLowerCase()) ?? null;
}

/** Names of headers have no case; names of metadata have. */
function factOf(name: string | undefined, { protocol }: ExternalAuthSpec): string {
  return protocol === 'HTTP' ? (name ?? '').toLowerCase() : (name ?? '');
}

function cacheOf(cache: ExternalAuthSpec['cache']): CacheConfig | null {
  if (cache === undefined) return null;
  const { headers, cookies = [], scope, ttl, maxEntries } = cache;
  return { headers: lower(headers) ?? [], cookies, scope, ttl: parseDuration(ttl) ?? 0, maxEntries };
}

function signinOf(http: HttpSpec | undefined): SigninConfig | null {
  if (http?.signinURL === undefined) return null;
  const { signinURL: url, signinRedirectParam: param = 'rd' } = http;
  const given = url.includes('?') && new URLSearchParams(url.slice(url.indexOf('?'))).has(param);
  return { url, redirectParam: given ? '' : param };
}

function memberProblems({ protocol, http, grpc }: ExternalAuthSpec, path: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (protocol === 'HTTP' && http === undefined)
    problems.push(unsupported(`${path}.http`, 'is missing; write at least the path of the check'));
  if (protocol === 'GRPC' && http !== undefined)
    problems.push(unsupported(`${path}.http`, 'is not read with protocol GRPC; remove it'));
  if (protocol === 'HTTP' && grpc !== undefined)
    problems.push(unsupported(`${path}.grpc`, 'is not read with protocol HTTP; remove it'));
  return problems;
}

function httpProblems(spec: HttpSpec, withBody: boolean, path: string): readonly Problem[] {
  const { method, allowedResponseHeaders = [], signinURL, signinRedirectParam } = spec;
  const problems = [...headerProblems(allowedResponseHeaders, [], (i) => `${path}.allowedResponseHeaders[${i}]`)];
  if (withBody && (method === 'GET' || method === 'HEAD'))
    problems.push(
      unsupported(`${path}.method`, `${method} has no body; write POST or Original, or remove forwardBody`),
    );
  if (signinURL !== undefined && !isSigninUrl(signinURL))
    problems.push(
      unsupported(`${path}.signinURL`, `${JSON.stringify(signinURL)} is no address; write https://HOST/PATH or /PATH`),
    );
  if (signinURL === undefined && signinRedirectParam !== undefined)
    problems.push(unsupported(`${path}.signinRedirectParam`, 'is for signinURL; add that, or remove this'));
  return problems;
}

/** To a browser `//host` and `/\host` are other hosts. */
function isSigninUrl(url: string): boolean {
  if (!/^[!-~]+$/.test(url)) return false;
  if (url.startsWith('/')) return !/^\/[/\\]/.test(url);
  const parsed = URL.parse(url);
  return (
    (parsed?.protocol === 'https:' || parsed?.protocol === 'http:') && parsed.username === '' && parsed.password === ''
  );
}

function cacheProblems({ cache, forwardBody }: ExternalAuthSpec, path: string): readonly Problem[] {
  if (cache === undefined) return [];
  const ttl = parseDuration(cache.ttl) ?? 0;
  const problems: Problem[] = [];
  if (forwardBody !== undefined)
    problems.push(
      unsupported(`${path}.cache`, 'what depends on the body cannot be cached; remove cache or forwardBody'),
    );
  if ((cache.headers ?? []).length + (cache.cookies ?? []).length === 0)
    problems.push(unsupported(`${path}.cache`, 'names no header and no cookie; name what credentials stand in'));
  if (ttl < 1000 || ttl > 3_600_000)
    problems.push(unsupported(`${path}.cache.ttl`, `${cache.ttl} is not from 1s to 1h`));
  return problems;
}
