/** The most recently used values, at most so many. */

interface Entry<V> {
  readonly value: V;
  /** Which insertion it was. */
  at: number;
}

export class Recent<V> {
  readonly #limit: number;
  // A Map keeps the order of insertion: a value that is used moves to the end, the first is the oldest.
  readonly #values = new Map<string, Entry<V>>();
  #insertions = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): V | undefined {
    const entry = this.#values.get(key);
    if (entry === undefined) return undefined;
    // What was inserted among the last half is far from going, and moving it costs more than finding it.
    if (2 * (this.#insertions - entry.at) >= this.#limit) {
      this.#values.delete(key);
      this.#insert(key, entry);
    }
    return entry.value;
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#insert(key, { value, at: 0 });
    if (this.#values.size <= this.#limit) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }

  get size(): number {
    return this.#values.size;
  }

  #insert(key: string, entry: Entry<V>): void {
    entry.at = ++this.#insertions;
    this.#values.set(key, entry);
  }
}
