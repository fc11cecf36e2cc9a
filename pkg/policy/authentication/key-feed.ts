/** Keys that the services thread fetches and keeps fresh, once for all workers. */
import type { JwksFeed, JwksValue } from '../feeds.ts';
import type { FilterEnv, Watch } from '../runtime.ts';
import { KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';

/** How long the first request of a configuration waits for keys, and one with an unknown key id for news. Milliseconds. */
const PATIENCE = 5000;

export class FeedKeys implements KeySource {
  readonly #feed: JwksFeed;
  readonly #env: FilterEnv;
  readonly #watch: Watch<JwksValue>;
  /** undefined: not known yet. */
  #keys: KeySet | null | undefined;
  #refreshing: Promise<boolean> | null = null;

  constructor(feed: JwksFeed, env: FilterEnv) {
    this.#feed = feed;
    this.#env = env;
    this.#watch = env.services.watch({ kind: 'jwks', config: feed }, (value) => this.#take(value));
    if (this.#watch.value !== undefined) this.#take(this.#watch.value);
  }

  current(): KeySet | null | Promise<KeySet | null> {
    return this.#keys === undefined ? this.#first() : this.#keys;
  }

  refresh(): Promise<boolean> {
    // One question for all who wait.
    this.#refreshing ??= this.#env.services
      .ask({ kind: 'refresh', question: { kind: 'jwks', config: this.#feed } }, PATIENCE)
      .finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  close(): void {
    this.#watch.close();
  }

  async #first(): Promise<KeySet | null> {
    try {
      const value = await this.#watch.first(PATIENCE);
      if (this.#keys === undefined) this.#take(value);
      return this.#keys ?? null;
    } catch {
      return null;
    }
  }

  #take({ keys }: JwksValue): void {
    if (keys === null) {
      this.#keys = null;
      return;
    }
    // A fetch that brought the same keys keeps the set, and with it all tokens that it has verified.
    const text = JSON.stringify(keys);
    if (text !== this.#keys?.text) this.#keys = new KeySet(keys, text);
  }
}
