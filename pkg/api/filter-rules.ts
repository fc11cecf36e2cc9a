/** Cross-field rules of the filters of HTTPRoute and GatewayRoute; the CRDs have them as CEL. Used by route-rules.ts. */
import type { BackendObjectReference } from './gatewayapi.ts';
import type { GatewayRouteFilter, GatewayRoutePathModifier } from './gatewayroute.ts';
import type { HTTPCORSFilter, HTTPExternalAuthFilter, HTTPRequestMirrorFilter } from './httproute.ts';
import type { Findings } from './problem.ts';

type FilterType = GatewayRouteFilter['type'];

/** The member that each type of filter has, and no other. */
const MEMBERS: Readonly<Record<FilterType, string>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  ExternalAuth: 'externalAuth',
  ExtensionRef: 'extensionRef',
  DirectResponse: 'directResponse',
};

const ONCE: readonly FilterType[] = [
  'CORS',
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
  'URLRewrite',
  'DirectResponse',
];

/** Findings stand at the rule or backendRef that has the filters. */
export function checkFilters(filters: readonly GatewayRouteFilter[] | undefined, findings: Findings): void {
  if (filters === undefined) return;
  findings.enter('filters');
  const types = filters.map((filter) => filter.type);
  for (const type of ONCE) {
    const second = types.indexOf(type, types.indexOf(type) + 1);
    if (second > 0 && types.indexOf(type) !== second) {
      findings.report(`${type} cannot be repeated`, `put it all into item [${types.indexOf(type)}]`, second);
    }
  }
  if (types.includes('RequestRedirect') && types.includes('URLRewrite')) {
    findings.report('RequestRedirect and URLRewrite cannot be combined', 'remove one: a redirect is never forwarded');
  }
  for (const [index, filter] of filters.entries()) {
    findings.enter(index);
    if (hasOwnMember(filter, findings)) checkFilter(filter, findings);
    findings.leave();
  }
  findings.leave();
}

function hasOwnMember(filter: GatewayRouteFilter, findings: Findings): boolean {
  const wanted = MEMBERS[filter.type];
  for (const member of Object.values(MEMBERS)) {
    if (member !== wanted && Object.hasOwn(filter, member)) {
      findings.report(
        `must not be set when type is ${filter.type}`,
        `remove ${member}, or set type to match it`,
        member,
      );
    }
  }
  if (Object.hasOwn(filter, wanted)) return true;
  findings.report(`is required when type is ${filter.type}`, `add ${wanted}`, wanted);
  return false;
}

function checkFilter(filter: GatewayRouteFilter, findings: Findings): void {
  findings.enter(MEMBERS[filter.type]);
  switch (filter.type) {
    case 'CORS':
      checkCors(filter.cors, findings);
      break;
    case 'RequestMirror':
      checkMirror(filter.requestMirror, findings);
      break;
    case 'ExternalAuth':
      checkExternalAuth(filter.externalAuth, findings);
      break;
    case 'RequestRedirect':
      checkPathModifier(filter.requestRedirect.path, findings);
      break;
    case 'URLRewrite':
      checkPathModifier(filter.urlRewrite.path, findings);
      break;
    case 'DirectResponse':
      if (filter.directResponse.body !== undefined && filter.directResponse.bodyRef !== undefined) {
        findings.report('only one of body and bodyRef may be set', 'remove one of them', 'bodyRef');
      }
      break;
    case 'RequestHeaderModifier':
    case 'ResponseHeaderModifier':
    case 'ExtensionRef':
      break;
  }
  findings.leave();
}

function checkCors(cors: HTTPCORSFilter, findings: Findings): void {
  for (const name of ['allowOrigins', 'allowMethods', 'allowHeaders'] as const) {
    const values = cors[name] ?? [];
    if (values.includes('*') && values.length > 1) {
      findings.report('"*" cannot stand beside other values', 'keep "*" alone, or remove it', name);
    }
  }
}

function checkMirror(mirror: HTTPRequestMirrorFilter, findings: Findings): void {
  checkServicePort(mirror.backendRef, findings, 'backendRef');
  if (mirror.percent !== undefined && mirror.fraction !== undefined) {
    findings.report('only one of percent and fraction may be set', 'remove one of them', 'fraction');
  }
  if (mirror.fraction !== undefined && mirror.fraction.numerator > mirror.fraction.denominator) {
    const { numerator, denominator } = mirror.fraction;
    findings.report(
      `${numerator} is more than the denominator ${denominator}`,
      'make it smaller',
      'fraction',
      'numerator',
    );
  }
}

function checkExternalAuth(auth: HTTPExternalAuthFilter, findings: Findings): void {
  checkServicePort(auth.backendRef, findings, 'backendRef');
  const wanted = auth.protocol === 'GRPC' ? 'grpc' : 'http';
  const other = auth.protocol === 'GRPC' ? 'http' : 'grpc';
  if (auth[wanted] === undefined) {
    findings.report(`is required when protocol is ${auth.protocol}`, `add ${wanted}: {}`, wanted);
  }
  if (auth[other] !== undefined) {
    findings.report(`must not be set when protocol is ${auth.protocol}`, `remove ${other}`, other);
  }
}

const PATH_MEMBERS = {
  ReplaceFullPath: 'replaceFullPath',
  ReplacePrefixMatch: 'replacePrefixMatch',
  ReplaceRegularExpression: 'replaceRegularExpression',
} as const;

function checkPathModifier(path: GatewayRoutePathModifier | undefined, findings: Findings): void {
  if (path === undefined) return;
  for (const [type, member] of Object.entries(PATH_MEMBERS)) {
    const present = Object.hasOwn(path, member);
    if (type === path.type && !present) {
      findings.report(`is required when type is ${type}`, `add ${member}`, 'path', member);
    } else if (type !== path.type && present) {
      findings.report(
        `must not be set when type is ${path.type}`,
        `remove ${member}, or set type to ${type}`,
        'path',
        member,
      );
    }
  }
}

/** "Must have port for Service reference" */
export function checkServicePort(ref: BackendObjectReference, findings: Findings, ...below: readonly string[]): void {
  if (ref.group === '' && ref.kind === 'Service' && ref.port === undefined) {
    findings.report('is required for a Service', 'add the port of the Service', ...below, 'port');
  }
}
