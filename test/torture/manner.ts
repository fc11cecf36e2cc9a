/** How an origin behaves: the words between `origin.ts` and its process. */

/**
 * - `serve`: answers.
 * - `leave`: no new connections; each that stands is answered with `Connection: close` and closed after it, as a server does that shuts down.
 * - `reset-accept`: every connection is reset as soon as it is there.
 * - `reset-request`: reset when a request is whole, without a byte of an answer.
 * - `reset-answer`: reset within the body of the answer.
 * - `hang`: takes connections and requests and answers nothing, as a peer that vanished without a word.
 * - `finish`: the same, but its FIN comes at once.
 * - `garbage`: answers bytes that are no HTTP/1.1.
 */
export type Manner =
  | 'serve'
  | 'leave'
  | 'reset-accept'
  | 'reset-request'
  | 'reset-answer'
  | 'hang'
  | 'finish'
  | 'garbage';

export interface OriginData {
  readonly name: string;
  readonly port: number;
  /** Where each request that is executed leaves its id, 4 bytes little-endian, before it is answered. */
  readonly journal: string;
}

/** What the process is told; it replies to each. */
export type OriginCommand =
  | { readonly kind: 'behave'; readonly manner: Manner; readonly delayMillis: number }
  /** Closes what stands, too: as a process that comes back as another. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'count' };

export interface OriginReply {
  /** Connections that stand. */
  readonly connections: number;
}
