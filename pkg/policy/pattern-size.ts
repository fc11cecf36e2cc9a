/**
 * How large a regular expression would become, before it is compiled. RE2 writes a repetition out: `a{1000}` a hundred times, in 700 bytes, are
 * 100,000 instructions, and a pattern of 256 KiB takes the memory of the process before anybody could ask how large it is.
 */

/** Instructions, far beyond what any user of patterns allows: compiling so many takes some 30 ms. */
const MaxEstimate = 20_000;

/** Whether a pattern is refused without being compiled. What is no RE2 pattern at all may be given. */
export function isHugePattern(pattern: string): boolean {
  return pattern.length > MaxEstimate || patternSize(pattern) > MaxEstimate;
}

/** Instructions, roughly. */
export function patternSize(pattern: string): number {
  return new Estimate(pattern).size();
}

/** One pass: each atom counts one, and a repetition as often as it is written out. */
class Estimate {
  readonly #pattern: string;
  /** Of the groups that are open: what stands before them. */
  readonly #outer: number[] = [];
  #total = 0;
  /** What a repetition would repeat. */
  #last = 0;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  size(): number {
    while (this.#at < this.#pattern.length) this.#step();
    return this.#outer.reduce((sum, size) => sum + size, this.#total);
  }

  #step(): void {
    switch (this.#pattern.charAt(this.#at)) {
      case '(':
        this.#skip(/\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*[:)]))?/y);
        if (this.#pattern[this.#at - 1] === ')') return;
        this.#outer.push(this.#total);
        this.#total = 0;
        this.#last = 0;
        return;
      case ')': {
        this.#at++;
        const inner = this.#total;
        this.#total = this.#outer.pop() ?? 0;
        this.#add(inner);
        return;
      }
      case '{':
        this.#repeat();
        return;
      case '[':
        this.#skip(/\[\^?\]?(?:\\[^]|\[:[^\]]*:\]|[^\]\\])*\]?/y);
        this.#add(1);
        return;
      case '\\':
        this.#escape();
        return;
      default:
        this.#at++;
        this.#add(1);
    }
  }

  #repeat(): void {
    const [text, least = '', comma, most = ''] = /\{(\d+)(,)?(\d*)\}/y.exec(this.#from()) ?? ['{'];
    this.#at += text.length;
    if (least === '') {
      this.#add(1);
      return;
    }
    const times = Math.max(1, Number(comma === undefined || most === '' ? least : most));
    // Capped, so that a difference stays a number.
    const repeated = Math.min(this.#last * times, Number.MAX_SAFE_INTEGER);
    this.#total += repeated - this.#last;
    this.#last = repeated;
  }

  #escape(): void {
    if (this.#pattern.startsWith('\\Q', this.#at)) {
      const end = this.#pattern.indexOf('\\E', this.#at);
      const text = this.#pattern.slice(this.#at + 2, end < 0 ? this.#pattern.length : end);
      this.#at = end < 0 ? this.#pattern.length : end + 2;
      this.#total += text.length;
      this.#last = 1;
      return;
    }
    this.#skip(/\\(?:[pP]\{[^}]*\}|x\{[^}]*\}|x[0-9a-fA-F]{2}|[pP][A-Z]|[^])?/y);
    this.#add(1);
  }

  #add(size: number): void {
    this.#total += size;
    this.#last = size;
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    this.#at += pattern.exec(this.#pattern)?.[0].length ?? 1;
  }

  /** Long enough for a repetition. */
  #from(): string {
    return this.#pattern.slice(this.#at, this.#at + 24);
  }
}
