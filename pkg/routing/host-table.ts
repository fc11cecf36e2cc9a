/** The routes of one hostname on one listener, compiled at the first request for it: a change of 10,000 routes stalls nobody. */
import type { Listener } from '../ir/listener.ts';
import type { Route } from '../ir/route.ts';
import type { CompiledMatch } from './match.ts';
import { PathIndex } from './paths.ts';
import type { RuleCache } from './rules.ts';
import type { MatchInput } from './table.ts';

/** Where a host table stands. */
export interface HostPlace {
  readonly listenerId: string;
  readonly listener: Listener;
  /** The pattern. */
  readonly hostname: string;
  readonly rules: RuleCache;
}

/** From an index that exists to the one that is wanted. */
interface Step {
  readonly index: PathIndex;
  readonly removed: ReadonlySet<Route>;
  readonly added: ReadonlySet<Route>;
}

export interface RouteChange {
  readonly removed: ReadonlySet<Route>;
  readonly added: ReadonlySet<Route>;
}

/** Immutable to those who ask. */
export class HostTable {
  readonly #routes: ReadonlySet<Route>;
  readonly #place: HostPlace;
  #index: PathIndex | null = null;
  #step: Step | null;

  /** @param before the table that `change` was made to, on the same listener; null to compile all */
  constructor(routes: ReadonlySet<Route>, place: HostPlace, before: HostTable | null, change: RouteChange | null) {
    this.#routes = routes;
    this.#place = place;
    this.#step = before === null || change === null ? null : before.#stepTo(change);
  }

  find(request: MatchInput): CompiledMatch | null {
    return (this.#index ?? this.#compile()).find(request);
  }

  /** In no order. The same instances on each call. */
  matches(): CompiledMatch[] {
    return [...this.#routes].flatMap((route) => this.#matchesOf(route));
  }

  #compile(): PathIndex {
    const step = this.#step;
    this.#index =
      step === null
        ? PathIndex.of(this.matches())
        : step.index.with(
            [...step.removed].flatMap((route) => this.#matchesOf(route)),
            [...step.added].flatMap((route) => this.#matchesOf(route)),
          );
    this.#step = null;
    return this.#index;
  }

  /** Changes pile up until somebody asks; then they are applied at once to the last index that was compiled. */
  #stepTo({ removed, added }: RouteChange): Step | null {
    if (this.#index !== null) return { index: this.#index, removed, added };
    if (this.#step === null) return null;
    return {
      index: this.#step.index,
      removed: this.#step.removed.union(removed.difference(this.#step.added)),
      added: this.#step.added.difference(removed).union(added),
    };
  }

  #matchesOf(route: Route): readonly CompiledMatch[] {
    const { rules, listener, listenerId, hostname } = this.#place;
    const oneLabel =
      hostname.startsWith('*.') &&
      route.attachments.some((a) => a.oneLabel === true && a.listener === listenerId && a.hostnames.includes(hostname));
    return rules.matchesOf(route, listener, oneLabel ? hostname.slice(1) : '');
  }
}
