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
  return clip(message, 1024);
}

/**
 * Several problems as one message: as many as fit, the others counted.
 * @param name short names for those from an index on, where counting them would not do
 */
export function summarise(texts: readonly string[], name?: (from: number) => string): string {
  let message = '';
  for (const [i, text] of texts.entries()) {
    // Room for the count, and for what a caller puts around it.
    const next = i === 0 ? clip(text, 800) : `${message}; ${text}`;
    if (Buffer.byteLength(next) > 800)
      return `${message} (and ${texts.length - i} more${name === undefined ? '' : `: ${name(i)}`})`;
    message = next;
  }
  return message;
}

/** @param bytes at most, in UTF-8 */
function clip(text: string, bytes: number): string {
  const all = Buffer.from(text);
  if (all.length <= bytes) return text;
  // What is cut in the middle of a character ends in one that stands for it; the ellipsis has three bytes.
  const whole = all
    .subarray(0, bytes - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return `${whole}…`;
}
