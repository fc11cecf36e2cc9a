/** RE2 patterns, compiled once however many matches use them. */
import { RE2JS } from 're2js';
import type { Pattern } from './match.ts';

/** Edits leave patterns behind that nobody uses; past this many the cache starts anew, and live matches keep what they hold. */
const MaxPatterns = 4_096;

const never: Pattern = { test: () => false };

export class PatternCache {
  readonly #patterns = new Map<string, Pattern>();
  readonly #report: (what: string, error: unknown) => void;

  constructor(report: (what: string, error: unknown) => void) {
    this.#report = report;
  }

  /** A pattern for whole texts. One that RE2 refuses matches nothing, and is reported: translate should have refused it. */
  get(source: string): Pattern {
    const known = this.#patterns.get(source);
    if (known !== undefined) return known;
    if (this.#patterns.size >= MaxPatterns) this.#patterns.clear();
    const pattern = this.#compile(source);
    this.#patterns.set(source, pattern);
    return pattern;
  }

  #compile(source: string): Pattern {
    try {
      const compiled = RE2JS.compile(source);
      return { test: (text) => compiled.testExact(text) };
    } catch (error) {
      this.#report(`pattern ${source}`, error);
      return never;
    }
  }
}
