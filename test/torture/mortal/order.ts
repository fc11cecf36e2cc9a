/** What `fleet.ts` tells the preloaded threads, and what they say. */

/** `terminate`: from outside, at whatever instruction; `throw`: an uncaught error; `heap`: objects until the limit is hit. */
export type Ending = 'terminate' | 'throw' | 'heap';

export interface Order {
  /** `worker-1`. */
  readonly name: string;
  readonly ending: Ending;
}

export type Report =
  /** @property thread unique over all lives of the process */
  | { readonly kind: 'ended'; readonly thread: number }
  /** It is between two lives. */
  | { readonly kind: 'absent' };
