/**
 * API keys in Redis, for millions: asked for when they are shown, and remembered for a while. What is published on the channel of the
 * namespace is forgotten at once, so that a revoked key is refused everywhere as soon as Redis has told it.
 */
import type { RedisChannelValue } from '../feeds.ts';
import { Recent } from '../recent.ts';
import type { FilterEnv, Watch } from '../runtime.ts';
import { identityOfOwner, type KeyLookup, type KeyRules, type KnownKey, knownKey } from './apikey-known.ts';
import { readKeyRecord, redisNameOf } from './apikey-record.ts';
import type { RedisKeySource } from './apikey-schema.ts';
import type { ClaimFields } from './claim-fields.ts';

/** Each; an entry takes about 1 KB. Apart, so that made-up ids do not push out keys that are used. */
const Remembered = 10_000;
/** ms that an id which is not there stays so, unless the channel tells of it. */
const Absent = 5_000;
/** ms that Redis is left alone after it did not answer: or every request would wait for it. */
const Pause = 1_000;
/** Ids at once, per worker. */
const Asking = 256;
/** ms */
const Patience = 1_000;

interface Remembrance {
  readonly key: KnownKey | null;
  /** By `now()`, when Redis was asked. */
  readonly at: number;
  /** Of the channel, then: of another one, messages may have been missed since. */
  readonly epoch: number;
}

export class RedisKeys implements KeyLookup {
  readonly #source: RedisKeySource;
  readonly #rules: KeyRules;
  readonly #fields: ClaimFields;
  readonly #env: FilterEnv;
  readonly #prefix: string;
  readonly #channel: Watch<RedisChannelValue>;
  readonly #present = new Recent<Remembrance>(Remembered);
  readonly #absent = new Recent<Remembrance>(Remembered);
  readonly #asking = new Map<string, Promise<KnownKey | null>>();
  /** By `now()`. */
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(source: RedisKeySource, rules: KeyRules, fields: ClaimFields, env: FilterEnv) {
    this.#source = source;
    this.#rules = rules;
    this.#fields = fields;
    this.#env = env;
    this.#prefix = redisNameOf(rules.tenant);
    const config = { channel: this.#prefix };
    this.#channel = env.services.watch({ kind: 'redisChannel', config }, ({ message }) => this.#hear(message));
  }

  find(id: string): KnownKey | null | Promise<KnownKey | null> {
    const known = this.#present.get(id) ?? this.#absent.get(id);
    if (known !== undefined && this.#isFresh(known)) return known.key;
    if (this.#env.now() < this.#pausedUntil) return this.#stale(known);
    return this.#ask(id).catch(() => this.#stale(known));
  }

  close(): void {
    this.#channel.close();
  }

  #isFresh({ key, at, epoch }: Remembrance): boolean {
    const channel = this.#channel.value;
    // Without the channel nobody tells of a revoked key, so each is asked for again.
    if (channel === undefined || !channel.connected || channel.epoch !== epoch) return false;
    return this.#env.now() - at < (key === null ? Absent : this.#source.cacheDuration);
  }

  /** What is known while Redis does not answer: a key for so long, never that there is none, since it may have come since. */
  #stale(known: Remembrance | undefined): KnownKey | Promise<never> {
    const { cacheDuration, maxStale } = this.#source;
    const usable = known !== undefined && this.#env.now() - known.at < cacheDuration + maxStale;
    return usable && known.key !== null ? known.key : Promise.reject(new Error('Redis does not answer'));
  }

  #ask(id: string): Promise<KnownKey | null> {
    const before = this.#asking.get(id);
    if (before !== undefined) return before;
    if (this.#asking.size >= Asking) return Promise.reject(new Error('too many keys are asked for'));
    // Once the channel has told of the id, the answer may be from before: it is not remembered, and nobody else joins.
    const isCurrent = (): boolean => this.#asking.get(id) === answer;
    const answer: Promise<KnownKey | null> = this.#get(id, isCurrent).finally(() => {
      if (isCurrent()) this.#asking.delete(id);
    });
    this.#asking.set(id, answer);
    return answer;
  }

  async #get(id: string, isCurrent: () => boolean): Promise<KnownKey | null> {
    const at = this.#env.now();
    const epoch = this.#channel.value?.epoch ?? 0;
    try {
      const question = { kind: 'command', name: 'GET', args: [`${this.#prefix}:${id}`] } as const;
      const reply = await this.#env.services.ask({ kind: 'redis', question }, Patience);
      const key = typeof reply === 'string' ? this.#read(id, reply) : null;
      if (isCurrent()) this.#remember(id, { key, at, epoch });
      return key;
    } catch (error) {
      this.#pausedUntil = this.#env.now() + Pause;
      throw error;
    }
  }

  #remember(id: string, remembrance: Remembrance): void {
    const [to, from] = remembrance.key === null ? [this.#absent, this.#present] : [this.#present, this.#absent];
    from.delete(id);
    to.set(id, remembrance);
  }

  #read(id: string, text: string): KnownKey | null {
    const owner = readKeyRecord(id, text);
    const [key] = owner?.keys ?? [];
    if (owner === null || key === undefined) return null;
    const identity = identityOfOwner(owner, this.#rules);
    return this.#fields.fits(identity) ? knownKey(key, identity, this.#rules, null) : null;
  }

  /** @param message an id, `*` for all; null: the connection came or went, which is judged when a key is shown */
  #hear(message: string | null): void {
    if (message === null) return;
    for (const known of [this.#present, this.#absent, this.#asking]) {
      if (message === '*') known.clear();
      else known.delete(message);
    }
  }
}
