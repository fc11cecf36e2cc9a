/** Host names and wildcards: exact before the longest wildcard before any. Used for the listeners of a socket and for the routes of a listener. */

/** A value and, less specific, the next one that covers every host which this one covers. */
export interface Wider<T> {
  readonly value: T;
  readonly less: Wider<T> | null;
}

/** Immutable. Patterns are `''` (any), `a.example.com`, or `*.example.com` (one or more labels, never the apex). */
export class HostMap<T> {
  readonly #patterns: ReadonlyMap<string, T>;
  /** By suffix with its dot: `.example.com`. */
  readonly #wildcards = new Map<string, Wider<T>>();
  readonly #any: Wider<T> | null;

  /** Keeps `patterns`, which must not change any more. */
  constructor(patterns: ReadonlyMap<string, T>) {
    this.#patterns = patterns;
    const any = patterns.get('');
    this.#any = any === undefined ? null : { value: any, less: null };
    const wildcards = [...patterns.keys()].filter((pattern) => pattern.startsWith('*.'));
    // Short ones first, so that each finds the next wider one already there.
    for (const pattern of wildcards.sort((a, b) => a.length - b.length)) {
      const suffix = pattern.slice(1);
      this.#wildcards.set(suffix, { value: patterns.get(pattern)!, less: this.wider(suffix) });
    }
  }

  /** The value of the most specific pattern for `host`. */
  get(host: string): T | undefined {
    return this.exact(host) ?? this.wider(host)?.value;
  }

  /** The value of the pattern that is `host`. No host holds a `*`, so wildcards are never found here. */
  exact(host: string): T | undefined {
    return this.#patterns.get(host);
  }

  /** The longest wildcard for `host`, else the value for any host; the others follow as `less`. */
  wider(host: string): Wider<T> | null {
    if (this.#wildcards.size === 0) return this.#any;
    for (let dot = host.indexOf('.', 1); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const found = this.#wildcards.get(host.slice(dot));
      if (found !== undefined) return found;
    }
    return this.#any;
  }
}

/** Whether `pattern` covers `host`; for explanations and tests, since a look-up never compares one by one. */
export function coversHost(pattern: string, host: string): boolean {
  if (pattern === '') return true;
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.length >= pattern.length && host.endsWith(pattern.slice(1));
}

/** Negative if `a` is the more specific pattern: names before wildcards before any; longer ones first; then by the alphabet. */
export function compareHostnames(a: string, b: string): number {
  const rank = (hostname: string): number => (hostname === '' ? 2 : Number(hostname.startsWith('*')));
  return rank(a) - rank(b) || b.length - a.length || (a < b ? -1 : Number(a > b));
}
