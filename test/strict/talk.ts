/** One client connection of the strictness tests: sends bytes as they are, reads the answers strictly, and tells how it ended. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';
import { RawStream } from '../../pkg/testkit/stream.ts';
import { type Field, readResponse, valuesOf } from './message.ts';

export interface Answer {
  readonly status: number;
  readonly fields: readonly Field[];
  readonly body: string;
  readonly trailers: readonly Field[];
  /** The recorder's id of the request that it answers; null if another than the recorder gave it. */
  readonly id: string | null;
}

export interface Talk {
  /** Final responses that came whole. */
  readonly answers: readonly Answer[];
  /** Status codes of interim responses. */
  readonly interim: readonly number[];
  /** A response began and did not come to its end. */
  readonly partial: boolean;
  /** Why the bytes are no strict HTTP/1.1; null if they are. */
  readonly broken: string | null;
  /** `open`: the gateway would have taken more; `reset`: it did not end in order; `silent`: neither answers nor an end came for too long. */
  readonly end: 'open' | 'closed' | 'reset' | 'silent';
  readonly sent: number;
  readonly received: number;
}

export interface TalkOptions {
  readonly port: number;
  /** The client's own address: any of 127.0.0.0/8, so that logs and forwarded fields tell the clients of a test apart. */
  readonly address: string;
  /** Latin-1: one byte a character. */
  readonly bytes: string;
  /** Methods of the requests in `bytes`, since an answer to HEAD has no body. Beyond the list: GET. */
  readonly methods?: readonly string[];
  /** So many answers, then the client leaves; fewer if the gateway ends the connection. Infinity waits for that. */
  readonly answers: number;
  /** The client's FIN stands behind its bytes. */
  readonly finish?: boolean;
}

/** What the gateway must do at once is waited for this long: so that one input that hangs is named, and not the test that ran out of time. */
const PatienceMs = 15_000;

export async function talk(options: TalkOptions): Promise<Talk> {
  const { port, address, bytes, methods = [], answers: wanted, finish = false } = options;
  const socket = connect({ port, host: '127.0.0.1', localAddress: address, noDelay: true, allowHalfOpen: true });
  const stream = new RawStream(socket);
  await once(socket, 'connect');
  stream.send(Buffer.from(bytes, 'latin1'));
  if (finish) stream.finish();
  let read = readAnswers(stream.received, methods, stream.ended);
  let silent = false;
  const patience = setTimeout(() => {
    silent = true;
    stream.close();
  }, PatienceMs);
  await stream.until(() => {
    read = readAnswers(stream.received, methods, stream.ended);
    return stream.ended || read.answers.length >= wanted || read.broken !== null;
  });
  clearTimeout(patience);
  const end = silent ? 'silent' : stream.error !== null ? 'reset' : stream.ended ? 'closed' : 'open';
  const received = stream.received.length;
  stream.close();
  if (!stream.closed) await once(socket, 'close');
  return { ...read, end, sent: bytes.length, received };
}

function readAnswers(
  bytes: Buffer,
  methods: readonly string[],
  ended: boolean,
): Pick<Talk, 'answers' | 'interim' | 'partial' | 'broken'> {
  const answers: Answer[] = [];
  const interim: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const reading = readResponse(bytes.subarray(at), methods[answers.length] ?? 'GET', ended);
    if (reading.kind === 'broken') return { answers, interim, partial: true, broken: reading.reason };
    if (reading.kind === 'incomplete') return { answers, interim, partial: true, broken: null };
    const { startLine, fields, body, trailers, length } = reading.message;
    at += length;
    const status = Number(startLine.slice(9, 12));
    if (status < 200 && status !== 101) interim.push(status);
    else
      answers.push({
        status,
        fields,
        body: body.toString('latin1'),
        trailers,
        id: valuesOf(fields, 'x-answer')[0] ?? null,
      });
  }
  return { answers, interim, partial: false, broken: null };
}
