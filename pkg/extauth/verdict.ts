/** What a service says of a request. */
import type { Exchange } from '../policy/runtime.ts';

export type Verdict = Allowed | Denied | TooLarge | Undecided;

export type Field = readonly [name: string, value: string];

export interface Allowed {
  readonly kind: 'allowed';
  /** For the backend, in this order: removed, set, added. */
  readonly remove: readonly string[];
  readonly set: readonly Field[];
  readonly add: readonly Field[];
  /** For the client's answer, whoever gives it. */
  readonly response: ResponseChange;
  /** What the service tells of the client, by lower-case name of the field it came in; metadata by its own names. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Milliseconds for which the service lets this be used again; 0: not at all. */
  readonly reusable: number;
}

export interface ResponseChange {
  readonly set: readonly Field[];
  readonly add: readonly Field[];
}

export interface Denied {
  readonly kind: 'denied';
  readonly status: number;
  /** Joined where a name came more than once. */
  readonly headers: Readonly<Record<string, string>>;
  /** Each a field line of its own. */
  readonly cookies: readonly string[];
  readonly body: Uint8Array;
}

/** The body is longer than what the service may see: 413. */
export interface TooLarge {
  readonly kind: 'too-large';
}

/** No answer, none in time, or none that says anything: nothing passes. */
export interface Undecided {
  readonly kind: 'undecided';
}

export const tooLarge: TooLarge = { kind: 'too-large' };
export const undecided: Undecided = { kind: 'undecided' };

/**
 * One question. Rejects if the service does not answer.
 * @param signal gives it up; null: others wait for the answer too
 */
export type Ask = (exchange: Exchange, body: Uint8Array | null, signal: AbortSignal | null) => Promise<Verdict>;

/** Never rejects. */
export type Check = (exchange: Exchange) => Verdict | Promise<Verdict>;
