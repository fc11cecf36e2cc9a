/** Conditions as translators write them. */
import type { Condition } from '../status/status.ts';

/** Makes the conditions of one object, all with its generation. */
export class Conditions {
  readonly #generation: number;

  constructor(generation: number) {
    this.#generation = generation;
  }

  yes(type: string, message: string, reason = type): Condition {
    return this.#condition(type, 'True', reason, message);
  }

  no(type: string, reason: string, message: string): Condition {
    return this.#condition(type, 'False', reason, message);
  }

  #condition(type: string, status: Condition['status'], reason: string, message: string): Condition {
    return { type, status, reason, message: limit(message), observedGeneration: this.#generation };
  }
}

/** Kubernetes takes 32 KiB, but many large messages make an object that etcd refuses: 1 KiB each, in whole characters. */
export function limit(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= 1024) return message;
  return `${bytes
    .subarray(0, 1020)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}

/** Several problems as one message: as many as fit, the others counted. */
export function summarise(texts: readonly string[]): string {
  let message = '';
  for (const [i, text] of texts.entries()) {
    const next = message === '' ? text : `${message}; ${text}`;
    // Room for the count, and for what a caller puts around it.
    if (i > 0 && next.length > 800) return `${message} (and ${texts.length - i} more)`;
    message = next;
  }
  return message;
}
