/**
 * What a data worker and the services thread say to each other, over a MessageChannel that the main thread hands to both.
 * Each channel belongs to one life of either: an answer thus never reaches the successor of the one who asked.
 */
import type { AskFailure, Feed, Question } from '../policy/feeds.ts';
import type { Call, CallResponse } from '../policy/runtime.ts';

export type FromChannel =
  /**
   * `key` names the feed from now on: equal feeds have equal keys (`feedKey`).
   * `last` is the value that the worker still holds from a services thread before this one.
   */
  | { readonly kind: 'watch'; readonly key: string; readonly feed: Feed; readonly last?: unknown }
  | { readonly kind: 'unwatch'; readonly key: string }
  /** @property timeout milliseconds that the worker waits: nobody needs an answer after them */
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question; readonly timeout: number }
  /** What became of a `call`; why it failed, else. */
  | { readonly kind: 'called'; readonly id: number; readonly answer: ClusterAnswer | string };

export type ToChannel =
  | { readonly kind: 'value'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly code: AskFailure; readonly message: string }
  /** The worker is to send this for the services thread, which reaches no cluster. */
  | { readonly kind: 'call'; readonly id: number; readonly call: ClusterCall };

/** What crosses threads of a `Call`, and of its answer. */
export type ClusterCall = Omit<Call, 'signal'>;
export type ClusterAnswer = Pick<CallResponse, 'status' | 'body'>;
