/**
 * The one place that says which of two matches wins that both fit a request and stand under the same hostname.
 *
 * Gateway API, HTTPRouteRule.matches: "precedence must be given to the match having: 'Exact' path match; 'Prefix' path match with largest
 * number of characters; method match; largest number of header matches; largest number of query param matches." Ties: "the oldest Route
 * based on creation timestamp; the Route appearing first in alphabetical order by {namespace}/{name}"; within a route "the first matching rule".
 */
import type { Route } from '../ir/route.ts';
import type { CompiledMatch } from './match.ts';

// The specification leaves regular expressions to the implementation: between exact and prefix, longest source first,
// as Envoy Gateway and ingress-nginx do.
const PathKinds = { Exact: 0, RegularExpression: 1, PathPrefix: 2 } as const;

const RouteKinds = { HTTPRoute: 0, GatewayRoute: 1, Ingress: 2 } as const satisfies Record<Route['kind'], number>;

/** Negative if `a` wins. A total order: 0 only for one and the same match. */
export function compareMatches(a: CompiledMatch, b: CompiledMatch): number {
  return (
    PathKinds[a.path.kind] - PathKinds[b.path.kind] ||
    b.path.value.length - a.path.value.length ||
    compareConditions(a, b)
  );
}

function compareConditions(a: CompiledMatch, b: CompiledMatch): number {
  return (
    Number(b.method !== null) - Number(a.method !== null) ||
    count(b.headers) - count(a.headers) ||
    count(b.queryParams) - count(a.queryParams) ||
    // Ours alone, and last, so that an HTTPRoute never loses to something it cannot say.
    count(b.cookies) - count(a.cookies) ||
    compareRoutes(a.rule.route, b.rule.route) ||
    a.rule.index - b.rule.index ||
    a.index - b.index
  );
}

/** Which of two routes comes first where their matches are worth the same. */
export function compareRoutes(a: Route, b: Route): number {
  return (
    a.created - b.created ||
    RouteKinds[a.kind] - RouteKinds[b.kind] ||
    // `{namespace}/{name}` as one text would let `-` and `.` sort before the slash; Kubernetes compares it as one, so do we.
    compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`)
  );
}

function count(tests: readonly unknown[] | null): number {
  return tests === null ? 0 : tests.length;
}

// Not localeCompare: every replica must sort alike, whatever its locale.
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
