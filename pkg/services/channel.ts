/**
 * What a data worker and the services thread say to each other, over a MessageChannel that the main thread hands to both.
 * Each channel belongs to one life of either: an answer thus never reaches the successor of the one who asked.
 */
import type { AskFailure, Feed, Question } from '../policy/feeds.ts';

export type FromChannel =
  /**
   * `key` names the feed from now on: equal feeds have equal keys (`feedKey`).
   * `last` is the value that the worker still holds from a services thread before this one.
   */
  | { readonly kind: 'watch'; readonly key: string; readonly feed: Feed; readonly last?: unknown }
  | { readonly kind: 'unwatch'; readonly key: string }
  /** @property timeout milliseconds that the worker waits: nobody needs an answer after them */
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question; readonly timeout: number };

export type ToChannel =
  | { readonly kind: 'value'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly code: AskFailure; readonly message: string };
