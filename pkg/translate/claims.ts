/** Processor: matches that a route before already has on the same listener and hostname. They never serve, and the status says so. */
import type { Attachment, Route } from '../ir/route.ts';
import type { Problem } from '../status/problem.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import { compareText } from './age.ts';
import { limit } from './condition.ts';
import type { Memo } from './memo.ts';

const RouteKinds = { HTTPRoute: 0, GatewayRoute: 1, Ingress: 2 } as const satisfies Record<Route['kind'], number>;

/**
 * "If ties still exist across multiple Routes, matching precedence MUST be determined in order of … the oldest Route …, the Route
 * appearing first in alphabetical order by {namespace}/{name}" (HTTPRouteRule.matches). Nothing is rejected: only told.
 * @param routes every route of the IR
 * @returns by `Kind/namespace/name` of the route that lost
 */
export function findClaims(routes: Iterable<Route>, memo: Memo): ReadonlyMap<string, readonly Problem[]> {
  const owners = new Map<string, Route>();
  const problems = new Map<string, Problem[]>();
  for (const route of [...routes].sort(byPrecedence)) {
    for (const { key, rule, match, host } of claimsOf(route, memo)) {
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, route);
      // Between Ingresses it is told by ingress-claims.ts, which knows their paths.
      else if (idOf(owner) !== idOf(route) && !(owner.kind === 'Ingress' && route.kind === 'Ingress')) {
        note(problems, route, owner, `spec.rules[${rule}].matches[${match}]`, host);
      }
    }
  }
  return problems;
}

/** The status of a route with what it lost: in its problems, in Accepted of every parent, and for a GatewayRoute at the rule. */
export function withClaims(status: ObjectStatus, lost: readonly Problem[]): ObjectStatus {
  const { parents, rules } = status.status as {
    readonly parents?: readonly Entry[];
    readonly rules?: readonly RuleEntry[];
  };
  const text = (problems: readonly Problem[]): string =>
    problems.map(({ path, message }) => `${path} ${message}`).join('; ');
  const all = text(lost);
  return {
    ...status,
    problems: [...status.problems, ...lost],
    status: {
      ...status.status,
      ...(parents === undefined
        ? {}
        : {
            parents: parents.map((parent) => ({ ...parent, conditions: parent.conditions.map((c) => append(c, all)) })),
          }),
      ...(rules === undefined
        ? {}
        : {
            rules: rules.map((rule) => {
              const own = lost.filter(({ path }) => path.startsWith(`spec.rules[${rule.index}].`));
              return own.length === 0 ? rule : { ...rule, message: limit(`${rule.message}; ${text(own)}`) };
            }),
          }),
    },
  };
}

interface Entry {
  readonly conditions: readonly Condition[];
}

interface RuleEntry {
  readonly index: number;
  readonly message: string;
}

interface Claim {
  /** Listener, hostname and all parts of the match. */
  readonly key: string;
  readonly rule: number;
  readonly match: number;
  readonly host: string;
}

/** Made once per route: 20,000 texts are the dearest part of a run in which one route changed. */
export type KnownClaims = WeakMap<Route, readonly Claim[]>;

function claimsOf(route: Route, memo: Memo): readonly Claim[] {
  const known = memo.claims.get(route);
  if (known !== undefined) return known;
  const claims = route.rules.flatMap(({ index, matches }) =>
    matches.flatMap((match, i) => {
      const text = JSON.stringify(match);
      return route.attachments.flatMap((attachment) =>
        attachment.hostnames.map((host) => ({ key: keyOf(attachment, host, text), rule: index, match: i, host })),
      );
    }),
  );
  memo.claims.set(route, claims);
  return claims;
}

function keyOf({ listener, oneLabel }: Attachment, host: string, match: string): string {
  return `${listener} ${host} ${oneLabel === true ? '1' : ''} ${match}`;
}

// Several listeners and hostnames of one match are one thing to the user.
function note(problems: Map<string, Problem[]>, route: Route, owner: Route, path: string, host: string): void {
  const own = problems.get(idOf(route)) ?? [];
  problems.set(idOf(route), own);
  if (own.some((problem) => problem.path === path)) return;
  const why = reason(owner, route);
  const where = host === '' ? 'every host' : host;
  const message = `is served by ${owner.kind} ${owner.namespace}/${owner.name} on ${where}, ${why}; change one of the two, or remove it`;
  own.push({ path, reason: 'Shadowed', message });
}

function reason(owner: Route, route: Route): string {
  if (owner.created < route.created) return 'which is older';
  return owner.kind === route.kind
    ? 'which is first by namespace and name'
    : `since of the same age kind ${owner.kind} goes before kind ${route.kind}`;
}

function append(condition: Condition, text: string): Condition {
  return condition.type === 'Accepted' && condition.status === 'True'
    ? { ...condition, message: limit(`${condition.message}; ${text}`) }
    : condition;
}

function byPrecedence(a: Route, b: Route): number {
  return (
    a.created - b.created ||
    RouteKinds[a.kind] - RouteKinds[b.kind] ||
    // Text is made only where namespaces differ: `a-b/c` goes before `a/b`.
    (a.namespace === b.namespace
      ? compareText(a.name, b.name)
      : compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`))
  );
}

function idOf({ kind, namespace, name }: Route): string {
  return `${kind}/${namespace}/${name}`;
}
