/** A backend that tells what reached it, byte for byte: start line and fields as they came. Used by the feature tests. */
import type { Message } from '../../pkg/testkit/message.ts';
import { createOrigin, type Origin, reply } from '../../pkg/testkit/origin.ts';

/** What the echo answers as JSON. */
export interface Echoed {
  readonly origin: string;
  /** `GET /a?b HTTP/1.1`. */
  readonly line: string;
  /** Values of one name are joined with `,`, names in lower case. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @param fields more header lines of the answer */
export function createEcho(name: string, ...fields: string[]): Promise<Origin> {
  return createOrigin((message) =>
    reply(JSON.stringify(echoOf(name, message)), 'Content-Type: application/json', ...fields),
  );
}

function echoOf(origin: string, { startLine, fields, body }: Message): Echoed {
  const values: Record<string, string> = {};
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    values[key] = values[key] === undefined ? value : `${values[key]},${value}`;
  }
  return { origin, line: startLine, fields: values, body: body.toString('latin1') };
}

/** @param body of an answer; throws with the body if another than the echo gave it */
export function readEcho(body: string): Echoed {
  if (!body.startsWith('{"origin"')) throw new Error(`not from the echo: ${body}`);
  return JSON.parse(body) as Echoed;
}
