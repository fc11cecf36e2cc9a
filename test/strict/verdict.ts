/** What the strictness tests say of one input sent in one manner, and the small comparisons that it is made of. */

import type { Logged } from './invariants.ts';
import type { Recorded } from './recorder.ts';
import type { Answer, Talk } from './talk.ts';

/** Judged when the gateway has ended: only then nothing can come to the recorder any more. */
export interface Verdict {
  /** Name of the input. */
  readonly input: string;
  /** How it was sent. */
  readonly manner: string;
  /** The client, and how many answers it got when the gateway ended the connection; null if the client left first. */
  readonly client: string;
  readonly answers: number | null;
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
  return {
    input,
    manner,
    client: address,
    answers: talk.end === 'closed' ? talk.answers.length : null,
    judge: () => [...strict, ...judge(talk, requests(), address)],
  };
}

/** In words for a person. */
export function problemsOf({ manner, judge }: Verdict): string[] {
  return judge().map((text) => `${manner}: ${text}`);
}

/** One line of the access log for each answer, under the client's own address. */
export function logProblems(verdicts: readonly Verdict[], log: readonly Logged[]): string[] {
  const lines = new Map<string, number>();
  // DC: the client left, so there was no answer.
  for (const { clientAddress, flag } of log)
    if (flag !== 'DC') lines.set(clientAddress, (lines.get(clientAddress) ?? 0) + 1);
  return verdicts.flatMap(({ input, manner, client, answers }) =>
    answers === null ? [] : differs(`${input}, ${manner}: lines in the access log`, lines.get(client) ?? 0, answers),
  );
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
