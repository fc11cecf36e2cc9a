/** Keys that a backend serves: fetched by the worker, since only workers reach clusters. */
import { Buffer } from 'node:buffer';
import type { FilterEnv } from '../runtime.ts';
import type { KeysConfig } from './jwt-schema.ts';
import { KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';

type Config = Extract<KeysConfig, { readonly kind: 'cluster' }>;

const TIMEOUT = 5000;
const MAX_BODY = 256 * 1024;
const MAX_KEYS = 64;
/** Milliseconds between two fetches, whoever asks: forged key ids must not become load on the issuer. */
const COOLDOWN = 10_000;

/**
 * Fetched when first asked for; later in the background, by the request that finds the keys too old: it is answered with those.
 * Keys that nobody asks for are not fetched.
 */
export class ClusterKeys implements KeySource {
  readonly #config: Config;
  readonly #env: FilterEnv;
  #keys: KeySet | null = null;
  /** On the monotonic clock; -Infinity before. */
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #fetching: Promise<void> | null = null;

  constructor(config: Config, env: FilterEnv) {
    this.#config = config;
    this.#env = env;
  }

  current(): KeySet | null | Promise<KeySet | null> {
    const { cacheDuration, maxStale } = this.#config;
    const age = this.#env.now() - this.#fetchedAt;
    if (age > cacheDuration + maxStale) this.#keys = null;
    if (age >= cacheDuration && !this.#isCooling()) void this.#fetch();
    if (this.#keys !== null || this.#fetching === null) return this.#keys;
    return this.#fetching.then(() => this.#keys);
  }

  async refresh(): Promise<boolean> {
    if (this.#fetching === null && this.#isCooling()) return false;
    await this.#fetch();
    return true;
  }

  close(): void {}

  #isCooling(): boolean {
    return this.#env.now() - this.#triedAt < COOLDOWN;
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#load().finally(() => (this.#fetching = null));
    return this.#fetching;
  }

  async #load(): Promise<void> {
    const { cluster, authority, path } = this.#config;
    this.#triedAt = this.#env.now();
    try {
      const headers = { accept: 'application/jwk-set+json, application/json' };
      const call = { cluster, method: 'GET', path, authority, headers, timeout: TIMEOUT, maxBody: MAX_BODY };
      const { status, body } = await this.#env.call(call);
      if (status !== 200) return;
      const { keys } = JSON.parse(Buffer.from(body).toString('utf8')) as { readonly keys?: unknown };
      if (!Array.isArray(keys) || keys.length > MAX_KEYS) return;
      this.#fetchedAt = this.#env.now();
      const text = JSON.stringify(keys);
      if (text !== this.#keys?.text) this.#keys = new KeySet(keys as never, text);
    } catch {
      // What was known stays until maxStale is over; the next request after the cooldown tries again.
    }
  }
}
