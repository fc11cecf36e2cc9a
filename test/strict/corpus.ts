/** The hostile inputs under `test/corpus`, and what the whole gateway makes of each. `pkg/http1` holds its codec against the same files. */
import requestFile from '../corpus/requests.json' with { type: 'json' };
import responseFile from '../corpus/responses.json' with { type: 'json' };

export interface RequestCase {
  readonly name: string;
  /** Latin-1: one byte a character. */
  readonly bytes: string;
  /** The codec's answer: the status that refuses it, or the message it is. */
  readonly expect: number | Expected;
  /** The gateway's answer where it is another: it knows limits and rules of which the codec knows nothing. Below 400 it keeps the connection. */
  readonly gateway?: number;
  /** The target at the backend where it is not the client's. */
  readonly forwards?: string;
}

interface Expected {
  readonly body: string;
  /** What stands behind the message. */
  readonly rest: string;
  readonly host?: string;
  readonly target?: string;
  /** As they are passed on. */
  readonly trailers?: string;
}

type ClientSees =
  | number
  | 'cut'
  | {
      readonly status: number;
      readonly body: string;
      readonly interim?: readonly number[];
      readonly trailers?: string;
    };

export interface ResponseCase {
  readonly name: string;
  readonly bytes: string;
  /** Of the request that it answers; default GET. */
  readonly method?: string;
  /** The codec's answer, for the first message. */
  readonly expect: number | 'incomplete' | (Expected & { readonly untilEnd?: boolean });
  /** The client's answer where it is not that message: a status of the gateway's own, `cut` for a response that visibly breaks off, or another message. */
  readonly gateway?: ClientSees;
  /** The same on the general lane: undici reads before the gateway does, and is stricter or more tolerant here. */
  readonly general?: ClientSees;
  /** The backend ends the connection behind it. Default: where it is not a whole response. */
  readonly end?: boolean;
  /** The client asks for this protocol. */
  readonly upgrade?: string;
}

export const requestCases: readonly RequestCase[] = requestFile;
export const responseCases = responseFile as readonly ResponseCase[];

/** The method of a request, however broken: the first word. */
export function methodOf(bytes: string): string {
  return /^(?:\r\n)?([^ ]*)/.exec(bytes)?.[1] ?? '';
}
