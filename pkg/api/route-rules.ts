/** Cross-field rules of HTTPRoute and GatewayRoute; the CRDs have them as CEL. Used by rules.ts once the structure is right. */
import { parseDuration } from './duration.ts';
import { checkFilters, checkServicePort } from './filter-rules.ts';
import type { ParentReference } from './gatewayapi.ts';
import type { GatewayRouteBackendRef, GatewayRouteFilter, GatewayRouteRule } from './gatewayroute.ts';
import type { HTTPBackendRef, HTTPRouteRule, SessionPersistence } from './httproute.ts';
import { checkMatchPath } from './path-rules.ts';
import { type Findings, quote } from './problem.ts';

/** "[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2}": pchar of RFC 3986, and `/`. */
const PATH_CHARACTERS = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;

type Rule = HTTPRouteRule | GatewayRouteRule;

export interface RouteSpec {
  readonly parentRefs?: readonly ParentReference[];
  readonly rules: readonly Rule[];
}

/** @param maxMatches over all rules; Findings stand at `spec`. */
export function checkRoute(spec: RouteSpec, maxMatches: number, findings: Findings): void {
  checkParentRefs(spec.parentRefs ?? [], findings);
  const matches = spec.rules.reduce((sum, rule) => sum + rule.matches.length, 0);
  if (matches > maxMatches) {
    findings.report(`have ${matches} matches in all`, `keep at most ${maxMatches}, or split the route`, 'rules');
  }
  const names = new Map<string, number>();
  findings.enter('rules');
  for (const [index, rule] of spec.rules.entries()) {
    findings.enter(index);
    const earlier = rule.name === undefined ? undefined : names.get(rule.name);
    if (earlier !== undefined) findings.report(`is the name of rule [${earlier}], too`, 'rename one of them', 'name');
    else if (rule.name !== undefined) names.set(rule.name, index);
    checkRule(rule, findings);
    findings.leave();
  }
  findings.leave();
}

/** "sectionName or port must be specified | unique when parentRefs includes 2 or more references to the same parent" */
function checkParentRefs(refs: readonly ParentReference[], findings: Findings): void {
  for (const [index, ref] of refs.entries()) {
    const twin = refs
      .slice(0, index)
      .find(
        (other) =>
          other.group === ref.group &&
          other.kind === ref.kind &&
          other.name === ref.name &&
          other.namespace === ref.namespace,
      );
    if (twin === undefined) continue;
    const [where, hint] = [
      ['parentRefs', index] as const,
      'give each reference to this parent its own sectionName or port',
    ];
    if (isSet(twin.sectionName) !== isSet(ref.sectionName) || isSet(twin.port) !== isSet(ref.port)) {
      findings.report(`${ref.kind} ${quote(ref.name)} is referred to twice, once without a section`, hint, ...where);
    } else if (isRepeated(ref, refs.slice(0, index))) {
      findings.report(`${ref.kind} ${quote(ref.name)} is referred to twice with the same section`, hint, ...where);
    }
  }
}

function isRepeated(ref: ParentReference, earlier: readonly ParentReference[]): boolean {
  return earlier.some(
    (other) =>
      other.group === ref.group &&
      other.kind === ref.kind &&
      other.name === ref.name &&
      other.namespace === ref.namespace &&
      other.sectionName === ref.sectionName &&
      other.port === ref.port,
  );
}

function isSet(value: string | number | undefined): boolean {
  return value !== undefined;
}

function checkRule(rule: Rule, findings: Findings): void {
  checkMatches(rule, findings);
  checkFilters(rule.filters, findings);
  checkBackendRefs(rule, findings);
  const { request, backendRequest } = rule.timeouts ?? {};
  if (request !== undefined && backendRequest !== undefined) checkTimeouts(request, backendRequest, findings);
  if (rule.sessionPersistence !== undefined) checkSessionPersistence(rule.sessionPersistence, findings);
}

function checkMatches(rule: Rule, findings: Findings): void {
  findings.enter('matches');
  for (const [index, { path }] of rule.matches.entries()) {
    if (path.type === 'RegularExpression') continue;
    findings.enter(index);
    checkMatchPath(path.value, findings, 'path', 'value');
    if (!PATH_CHARACTERS.test(path.value) && !path.value.includes('#')) {
      const hint = "use letters, digits and -/._~!$&'()*+,;=:@ ; encode other characters as %XX";
      findings.report(`${quote(path.value)} has characters that no path can have`, hint, 'path', 'value');
    }
    findings.leave();
  }
  findings.leave();
}

function checkBackendRefs(rule: Rule, findings: Findings): void {
  const refs: readonly (HTTPBackendRef | GatewayRouteBackendRef)[] = rule.backendRefs ?? [];
  checkPrefixReplacement(rule.filters, rule, findings);
  if (refs.length > 0 && (rule.filters ?? []).some((filter) => filter.type === 'RequestRedirect')) {
    findings.report(
      'cannot stand beside a RequestRedirect filter',
      'remove backendRefs: a redirect is never forwarded',
      'backendRefs',
    );
  }
  findings.enter('backendRefs');
  for (const [index, ref] of refs.entries()) {
    findings.enter(index);
    checkServicePort(ref, findings);
    checkFilters(ref.filters, findings);
    checkPrefixReplacement(ref.filters, rule, findings);
    findings.leave();
  }
  findings.leave();
}

/** "When using … filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified" */
function checkPrefixReplacement(
  filters: readonly GatewayRouteFilter[] | undefined,
  rule: Rule,
  findings: Findings,
): void {
  const [match] = rule.matches;
  if (rule.matches.length === 1 && match?.path.type === 'PathPrefix') return;
  for (const [index, filter] of (filters ?? []).entries()) {
    const member = filter.type === 'RequestRedirect' ? 'requestRedirect' : 'urlRewrite';
    if (pathOf(filter)?.type !== 'ReplacePrefixMatch') continue;
    const hint = 'give the rule exactly one match, of path type PathPrefix, or use ReplaceFullPath';
    findings.report(
      'ReplacePrefixMatch has no single prefix to replace',
      hint,
      'filters',
      index,
      member,
      'path',
      'type',
    );
  }
}

function pathOf(filter: GatewayRouteFilter) {
  if (filter.type === 'RequestRedirect') return filter.requestRedirect?.path;
  return filter.type === 'URLRewrite' ? filter.urlRewrite?.path : undefined;
}

function checkTimeouts(request: string, backendRequest: string, findings: Findings): void {
  const [whole, attempt] = [parseDuration(request) ?? 0, parseDuration(backendRequest) ?? 0];
  if (whole !== 0 && attempt > whole) {
    findings.report(
      `${backendRequest} is longer than request, ${request}`,
      'make it shorter',
      'timeouts',
      'backendRequest',
    );
  }
}

function checkSessionPersistence(
  { type, cookieConfig, absoluteTimeout }: SessionPersistence,
  findings: Findings,
): void {
  findings.enter('sessionPersistence');
  if (cookieConfig !== undefined && type !== 'Cookie') {
    findings.report(`must not be set when type is ${type}`, 'remove cookieConfig', 'cookieConfig');
  }
  if (cookieConfig?.lifetimeType === 'Permanent' && absoluteTimeout === undefined) {
    findings.report('is required for a cookie of lifetimeType Permanent', 'add absoluteTimeout', 'absoluteTimeout');
  }
  findings.leave();
}
