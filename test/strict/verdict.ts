/** What the strictness tests say of one input sent in one manner, and the small comparisons that it is made of. */

import type { Recorded } from './recorder.ts';
import type { Answer, Talk } from './talk.ts';

/** Judged when the gateway has ended: only then nothing can come to the recorder any more. */
export interface Verdict {
  /** Name of the input. */
  readonly input: string;
  /** How it was sent. */
  readonly manner: string;
  /** What went wrong; empty if nothing did. */
  readonly judge: () => readonly string[];
}

/** What the client and the backend saw of one client address. */
export interface Seen {
  readonly talk: Talk;
  readonly address: string;
  readonly requests: () => readonly Recorded[];
}

export function createVerdict(
  input: string,
  manner: string,
  { talk, requests, address }: Seen,
  judge: (talk: Talk, requests: readonly Recorded[], address: string) => readonly string[],
): Verdict {
  const strict = talk.broken === null ? [] : [`the answer is no HTTP/1.1: ${talk.broken}`];
  return { input, manner, judge: () => [...strict, ...judge(talk, requests(), address)] };
}

/** In words for a person. */
export function problemsOf({ manner, judge }: Verdict): string[] {
  return judge().map((text) => `${manner}: ${text}`);
}

/** Each answer has the id of the request that came in its place. */
export function ownAnswers(answers: readonly Answer[], requests: readonly Recorded[]): string[] {
  return differs(
    'ids of the answers',
    answers.map(({ id }) => id),
    requests.slice(0, Math.max(answers.length, 1)).map(({ id }) => id),
  );
}

export function differs(what: string, found: unknown, expected: unknown): string[] {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  return a === b ? [] : [`${what}: ${a}, expected ${b}`];
}
