/** Whether the API server answers at all, and who waits for it to do so again. Kept by the client, asked by reflectors. */
export class Presence {
  readonly #listeners = new Set<() => void>();
  #away = false;

  /** A request had no answer. */
  lost(): void {
    this.#away = true;
  }

  /** A request had one, of whatever kind. */
  answered(): void {
    if (!this.#away) return;
    this.#away = false;
    for (const listener of this.#listeners) listener();
  }

  /** @returns how to stop */
  onReturn(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
