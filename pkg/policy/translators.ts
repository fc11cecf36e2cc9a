/** Route filters → filters of the IR. The control plane's registry; translate calls it for each rule and each backendRef. */
import type { DirectResponseFilter, GatewayRouteFilter, GatewayRouteURLRewrite } from '../api/gatewayroute.ts';
import type {
  HTTPCORSFilter,
  HTTPExternalAuthFilter,
  HTTPHeaderFilter,
  HTTPRequestMirrorFilter,
  HTTPRequestRedirectFilter,
} from '../api/httproute.ts';
import type { Filter, FilterConfigs, FilterKind } from '../ir/filter.ts';
import type { Problem } from '../status/problem.ts';
import type { AuthenticationSpec } from './authentication/spec.ts';
import { translateAuthentication } from './authentication/translate.ts';
import type { AuthorizationSpec } from './authorization/schema.ts';
import { translateAuthorization } from './authorization/translate.ts';
import type { CompressionSpec } from './compression/schema.ts';
import { translateCompression } from './compression/translate.ts';
import type { PolicyContext } from './context.ts';
import { translateCors } from './cors/translate.ts';
import type { CsrfSpec } from './csrf/schema.ts';
import { translateCsrf } from './csrf/translate.ts';
import { type ResolveBody, translateDirectResponse } from './directresponse/translate.ts';
import { translateExternalAuth } from './externalauth/translate.ts';
import type { IpAccessSpec } from './ipaccess/schema.ts';
import { translateIpAccess } from './ipaccess/translate.ts';
import { type ResolveMirror, translateMirror } from './mirror/translate.ts';
import { compareFilters, type FilterKey } from './order.ts';
import { translateRedirect } from './redirect/translate.ts';
import { translateRequestHeaders } from './requestheaders/translate.ts';
import type { RequestLimitsSpec } from './requestlimits/schema.ts';
import { translateRequestLimits } from './requestlimits/translate.ts';
import { translateResponseHeaders } from './responseheaders/translate.ts';
import type { ResponseOverridesSpec } from './responseoverrides/schema.ts';
import { translateResponseOverrides } from './responseoverrides/translate.ts';
import { translateRewrite } from './rewrite/translate.ts';
import type { SecurityHeadersSpec } from './securityheaders/schema.ts';
import { translateSecurityHeaders } from './securityheaders/translate.ts';
import type { SignedURLsSpec } from './signedurls/schema.ts';
import { translateSignedURLs } from './signedurls/translate.ts';
import type { TransformSpec } from './transform/spec.ts';
import { translateTransform } from './transform/translate.ts';
import { isProblems, type Translated, unsupported } from './translated.ts';
import type { ValidationSpec } from './validation/schema.ts';
import { translateValidation } from './validation/translate.ts';

/** How the translators reach other objects. */
export interface FilterContext extends PolicyContext {
  readonly resolveMirror: ResolveMirror;
  readonly resolveBody: ResolveBody;
}

export interface FilterTranslation {
  /** At most one of each kind, in the order of `order.ts`. */
  readonly filters: readonly Filter[];
  /** Mirrors that do not resolve and were dropped; the rule serves without them. */
  readonly unresolved: readonly Problem[];
}

/** What users write for each kind. */
interface Specs {
  readonly ipAccess: IpAccessSpec;
  readonly cors: HTTPCORSFilter;
  readonly csrf: CsrfSpec;
  readonly requestLimits: RequestLimitsSpec;
  readonly compression: CompressionSpec;
  readonly signedURLs: SignedURLsSpec;
  readonly authentication: AuthenticationSpec;
  readonly externalAuth: HTTPExternalAuthFilter;
  readonly authorization: AuthorizationSpec;
  readonly responseOverrides: ResponseOverridesSpec;
  readonly validation: ValidationSpec;
  readonly transform: TransformSpec;
  readonly redirect: HTTPRequestRedirectFilter;
  readonly directResponse: DirectResponseFilter;
  readonly requestHeaders: HTTPHeaderFilter;
  readonly rewrite: GatewayRouteURLRewrite;
  readonly mirror: HTTPRequestMirrorFilter;
  readonly responseHeaders: HTTPHeaderFilter;
  readonly securityHeaders: SecurityHeadersSpec;
}

interface Built<K extends FilterKind> {
  readonly config: FilterConfigs[K];
  readonly unresolved?: readonly Problem[];
}

type Translator<K extends FilterKind> = (spec: Specs[K], path: string, context: FilterContext) => Translated<Built<K>>;

const translators: { readonly [K in FilterKind]: Translator<K> } = {
  ipAccess: (spec, path, context) => built(translateIpAccess(spec, path, context)),
  cors: (spec, path) => built(translateCors(spec, path)),
  csrf: (spec, path) => built(translateCsrf(spec, path)),
  requestLimits: (spec, path) => built(translateRequestLimits(spec, path)),
  compression: (spec, path) => built(translateCompression(spec, path)),
  signedURLs: (spec, path, context) => built(translateSignedURLs(spec, path, context)),
  authentication: (spec, path, context) => built(translateAuthentication(spec, path, context)),
  externalAuth: (spec, path, context) => built(translateExternalAuth(spec, path, context)),
  authorization: (spec, path, context) => built(translateAuthorization(spec, path, context)),
  redirect: (spec, path) => built(translateRedirect(spec, path)),
  directResponse: (spec, path, { resolveBody }) => built(translateDirectResponse(spec, path, resolveBody)),
  responseOverrides: (spec, path, context) => built(translateResponseOverrides(spec, path, context)),
  validation: (spec, path, context) => built(translateValidation(spec, path, context)),
  transform: (spec, path, context) => built(translateTransform(spec, path, context)),
  requestHeaders: (spec, path) => built(translateRequestHeaders(spec, path)),
  rewrite: (spec, path) => built(translateRewrite(spec, path)),
  mirror: (spec, path, { resolveMirror }) => translateMirror(spec, path, resolveMirror),
  securityHeaders: (spec, path) => built(translateSecurityHeaders(spec, path)),
  responseHeaders: (spec, path) => built(translateResponseHeaders(spec, path)),
};

type Placed = {
  readonly [K in FilterKind]: { readonly kind: K; readonly spec: Specs[K]; readonly path: string };
}[FilterKind];

/** @returns null for what this release does not do */
function place(filter: GatewayRouteFilter, path: string): Placed | null {
  switch (filter.type) {
    case 'CORS':
      return { kind: 'cors', spec: filter.cors, path: `${path}.cors` };
    case 'RequestRedirect':
      return { kind: 'redirect', spec: filter.requestRedirect, path: `${path}.requestRedirect` };
    case 'DirectResponse':
      return { kind: 'directResponse', spec: filter.directResponse, path: `${path}.directResponse` };
    case 'RequestHeaderModifier':
      return { kind: 'requestHeaders', spec: filter.requestHeaderModifier, path: `${path}.requestHeaderModifier` };
    case 'URLRewrite':
      return { kind: 'rewrite', spec: filter.urlRewrite, path: `${path}.urlRewrite` };
    case 'RequestMirror':
      return { kind: 'mirror', spec: filter.requestMirror, path: `${path}.requestMirror` };
    case 'ResponseHeaderModifier':
      return { kind: 'responseHeaders', spec: filter.responseHeaderModifier, path: `${path}.responseHeaderModifier` };
    case 'ExternalAuth':
      return { kind: 'externalAuth', spec: filter.externalAuth, path: `${path}.externalAuth` };
    case 'ExtensionRef':
      return null;
    default:
      return filter satisfies never;
  }
}

const exclusive: readonly (readonly [GatewayRouteFilter['type'], GatewayRouteFilter['type']])[] = [
  // HTTPRouteRule.filters: "If an implementation cannot support other combinations of filters, they must clearly document that limitation";
  // RequestRedirect and URLRewrite "MUST NOT be used on the same Route rule".
  ['RequestRedirect', 'URLRewrite'],
  ['RequestRedirect', 'DirectResponse'],
];

/**
 * The filters of one rule or backendRef.
 * @param path where the list stands in its object: `spec.rules[0].filters`
 * @returns problems if the rule must be dropped: serving it without one of its filters could open it
 */
export function translateFilters(
  filters: readonly GatewayRouteFilter[],
  path: string,
  context: FilterContext,
): Translated<FilterTranslation> {
  const problems = exclusive.flatMap(([a, b]) => exclusiveProblem(filters, path, a, b));
  const unresolved: Problem[] = [];
  const result = new Map<FilterKind, Filter>();
  for (const [i, filter] of filters.entries()) {
    const at = `${path}[${i}]`;
    const placed = place(filter, at);
    if (placed === null) {
      problems.push(
        unsupported(
          `${at}.type`,
          `${filter.type} is not supported by this release, so the rule is not served; remove the filter`,
        ),
      );
      continue;
    }
    const one = translate(placed, context);
    if (isProblems(one)) {
      problems.push(...one);
      continue;
    }
    unresolved.push(...one.unresolved);
    const merged = merge(result.get(placed.kind), one.filter);
    if (merged === null)
      problems.push({
        path: at,
        reason: 'IncompatibleFilters',
        message: `a second ${filter.type} in one list; write one filter that does both`,
      });
    else result.set(placed.kind, merged);
  }
  return problems.length > 0 ? problems : { filters: [...result.values()].sort(compareFilters), unresolved };
}

function translate(
  placed: Placed,
  context: FilterContext,
): Translated<{ filter: Filter; unresolved: readonly Problem[] }> {
  return translateOne(placed.kind, placed.spec, placed.path, context);
}

/**
 * One key of a block `policies`.
 * @param spec as the schema of the key has it, without `mode`
 */
export function translatePolicy<K extends FilterKey>(
  key: K,
  spec: Specs[K],
  path: string,
  context: FilterContext,
): Translated<Filter> {
  const result = translateOne(key, spec, path, context);
  return isProblems(result) ? result : result.filter;
}

function translateOne<K extends FilterKind>(
  kind: K,
  spec: Specs[K],
  path: string,
  context: FilterContext,
): Translated<{ filter: Filter; unresolved: readonly Problem[] }> {
  const result = translators[kind](spec, path, context);
  if (isProblems(result)) return result;
  // `kind` and its configuration belong together, which TypeScript cannot follow through the union.
  return { filter: { kind, config: result.config } as Filter, unresolved: result.unresolved ?? [] };
}

/** @returns null if the kind may stand once only: all but RequestMirror */
function merge(before: Filter | undefined, filter: Filter): Filter | null {
  if (before === undefined) return filter;
  if (before.kind !== 'mirror' || filter.kind !== 'mirror') return null;
  return { kind: 'mirror', config: { mirrors: [...before.config.mirrors, ...filter.config.mirrors] } };
}

function exclusiveProblem(
  filters: readonly GatewayRouteFilter[],
  path: string,
  a: GatewayRouteFilter['type'],
  b: GatewayRouteFilter['type'],
): readonly Problem[] {
  if (!filters.some(({ type }) => type === a) || !filters.some(({ type }) => type === b)) return [];
  return [
    { path, reason: 'IncompatibleFilters', message: `${a} and ${b} exclude each other; put them into different rules` },
  ];
}

function built<C extends object>(config: Translated<C>): Translated<{ readonly config: C }> {
  return isProblems(config) ? config : { config };
}
