/** One route on one listener → its runtime rules and compiled matches. Kept by identity: an unchanged route is the same instances in the next table. */
import type { Listener } from '../ir/listener.ts';
import type { Action, Backend, Route, Rule } from '../ir/route.ts';
import type { RuntimeFilter } from '../policy/runtime.ts';
import { compileChain, emptyChain } from './chain.ts';
import type { FilterCache } from './filter-cache.ts';
import { type CompiledMatch, compileMatch } from './match.ts';
import type { PatternCache } from './patterns.ts';
import type { BackendChain, RuntimeRule } from './table.ts';

const refuse: Action = { kind: 'refuse', status: 500, code: 'policy-invalid' };

/** Compiles routes when they are first needed. */
export class RuleCache {
  readonly #filters: FilterCache;
  readonly #patterns: PatternCache;
  readonly #routes = new WeakMap<Route, WeakMap<Listener, Map<string, readonly CompiledMatch[]>>>();

  constructor(filters: FilterCache, patterns: PatternCache) {
    this.#filters = filters;
    this.#patterns = patterns;
  }

  /**
   * Every match of `route`, each with its rule. The same instances on each call.
   * @param oneLabelSuffix `.example.com` if they stand under `*.example.com` and want exactly one label before it; else `''`
   */
  matchesOf(route: Route, listener: Listener, oneLabelSuffix: string): readonly CompiledMatch[] {
    let perListener = this.#routes.get(route);
    if (perListener === undefined) this.#routes.set(route, (perListener = new WeakMap()));
    let bySuffix = perListener.get(listener);
    if (bySuffix === undefined) perListener.set(listener, (bySuffix = new Map([['', this.#compile(route, listener)]])));
    let matches = bySuffix.get(oneLabelSuffix);
    if (matches === undefined) {
      matches = bySuffix.get('')!.map((match) => ({ ...match, oneLabelSuffix }));
      bySuffix.set(oneLabelSuffix, matches);
    }
    return matches;
  }

  #compile(route: Route, listener: Listener): readonly CompiledMatch[] {
    return route.rules.flatMap((rule) => {
      const { filters, backends } = this.#chains(rule);
      // A rule that cannot have all of its filters has none, and forwards nothing: a missing one may have been the guard.
      const broken = filters === null || backends === 'broken';
      const chain = filters === null || broken ? emptyChain : compileChain(filters);
      // One instance per prefix, since `matchedPrefix` belongs to the match that was taken; nearly always that is one.
      const byPrefix = new Map<string, RuntimeRule>();
      return rule.matches.map((match, index) => {
        const matchedPrefix = match.path.kind === 'PathPrefix' ? match.path.value : '';
        let runtime = byPrefix.get(matchedPrefix);
        if (runtime === undefined) {
          runtime = {
            route,
            routeId: `${route.kind}/${route.namespace}/${route.name}`,
            listener,
            index: rule.index,
            action: broken ? refuse : rule.action,
            timeouts: rule.timeouts,
            retry: rule.retry,
            matchedPrefix,
            onRequest: chain.onRequest,
            onResponse: chain.onResponse,
            requestPolicies: chain.requestPolicies,
            responsePolicies: chain.responsePolicies,
            backends: broken ? null : backends,
            attached: undefined,
          };
          byPrefix.set(matchedPrefix, runtime);
        }
        return compileMatch(match, index, runtime, (source) => this.#patterns.get(source));
      });
    });
  }

  #chains(rule: Rule): {
    filters: readonly RuntimeFilter[] | null;
    backends: readonly BackendChain[] | null | 'broken';
  } {
    const backends = rule.action.kind === 'forward' ? this.#backends(rule.action.backends) : null;
    return { filters: this.#resolve(rule.filters), backends };
  }

  #backends(backends: readonly Backend[]): readonly BackendChain[] | null | 'broken' {
    if (backends.every(({ filters }) => filters.length === 0)) return null;
    const chains: BackendChain[] = [];
    for (const backend of backends) {
      const filters = this.#resolve(backend.filters);
      if (filters === null) return 'broken';
      chains.push(filters.length === 0 ? emptyChain : compileChain(filters));
    }
    return chains;
  }

  /** null if one of them cannot be had. */
  #resolve(ids: readonly string[]): readonly RuntimeFilter[] | null {
    const filters: RuntimeFilter[] = [];
    for (const id of ids) {
      const filter = this.#filters.get(id);
      if (filter === null) return null;
      filters.push(filter);
    }
    return filters;
  }
}
