/** Runtime filters by the id of their configuration, kept across tables: a table swap loses no state of what did not change. */
import type { Filter } from '../ir/filter.ts';
import type { RuntimeFilter } from '../policy/runtime.ts';

type Filters = Readonly<Record<string, Filter>>;
type Secrets = Readonly<Record<string, string>>;

/** What a worker gives to the compiler. */
export interface CompilerEnv {
  /**
   * Builds a filter; called once per id. `secret` gives a value of `Ir.secrets` and throws if there is none. A throw makes every rule that uses it answer `policy-invalid`, unless it is in Shadow.
   */
  filter(filter: Filter, secret: (id: string) => string): RuntimeFilter;
  /** Told of each configuration that could not be built (a filter or a pattern), which translate should have refused. */
  report?(what: string, error: unknown): void;
}

export class FilterCache {
  readonly #env: CompilerEnv;
  /** null: could not be built. */
  readonly #built = new Map<string, RuntimeFilter | null>();
  #current: Filters = {};
  #previous: Filters = {};
  #secrets: Secrets = {};
  #previousSecrets: Secrets = {};

  constructor(env: CompilerEnv) {
    this.#env = env;
  }

  /**
   * Takes the filters of a new IR, and closes those which neither it nor the one before it refers to: an exchange that began on the
   * table before may still run its response phases.
   */
  update(filters: Filters, secrets: Secrets): void {
    if (secrets !== this.#secrets) {
      this.#previousSecrets = this.#secrets;
      this.#secrets = secrets;
    }
    if (filters === this.#current) return;
    this.#previous = this.#current;
    this.#current = filters;
    for (const [id, filter] of this.#built) {
      if (filters[id] !== undefined || this.#previous[id] !== undefined) continue;
      this.#built.delete(id);
      filter?.close?.();
    }
  }

  /** null if there is no such filter, or it cannot be built: the caller fails closed. */
  get(id: string): RuntimeFilter | null {
    const known = this.#built.get(id);
    if (known !== undefined) return known;
    const built = this.#build(id);
    this.#built.set(id, built);
    return built;
  }

  /** Closes all; the compiler is not used any more. */
  close(): void {
    for (const filter of this.#built.values()) filter?.close?.();
    this.#built.clear();
  }

  #secret(id: string): string {
    const value = this.#secrets[id] ?? this.#previousSecrets[id];
    if (value === undefined) throw new Error(`no secret ${id} in the IR`);
    return value;
  }

  #build(id: string): RuntimeFilter | null {
    const filter = this.#current[id] ?? this.#previous[id];
    try {
      if (filter === undefined) throw new Error(`no filter ${id} in the IR`);
      return this.#env.filter(filter, (secret) => this.#secret(secret));
    } catch (error) {
      this.#env.report?.(`filter ${id}`, error);
      // What is only tried must not close a rule.
      return filter?.mode === 'Shadow' ? {} : null;
    }
  }
}
