/** What one reader of a byte stream saw: its messages, and why it stopped. The common tongue of our codec and of the oracles. */

export interface Frame {
  /** `GET /a?b` or `200`. */
  readonly start: string;
  /** `name:value` lines, names in lower case, white space around values cut; null where an oracle does not tell. */
  readonly fields: string | null;
  /** Latin-1; what came of it so far if it is not complete. null where an oracle does not tell. */
  readonly body: string | null;
  readonly complete: boolean;
}

export interface Reading {
  readonly frames: readonly Frame[];
  /** `end`: all bytes belong to the frames. `more`: waits for more. `closed`: reads nothing more, by the last message's own words. Else why it refused. */
  readonly stop: string;
}

/** One line for a person. */
export function describeReading({ frames, stop }: Reading): string {
  const texts = frames.map(
    ({ start, fields, body, complete }) =>
      `${start} ${JSON.stringify(fields)} body ${JSON.stringify(body)}${complete ? '' : ' (incomplete)'}`,
  );
  return [...texts, stop].join(' | ');
}

/** Why our codec stopped where it must never: a bug, whatever the input. */
export function threw(error: unknown): string {
  return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
