/** Reads requests with the data plane's own parts, in the order in which `proxy/connection.ts` uses them: what this accepts, the gateway forwards. */
import { Buffer } from 'node:buffer';
import { persists } from '../../pkg/http1/connection.ts';
import type { Head } from '../../pkg/http1/head.ts';
import { createSocketClients } from '../../pkg/proxy/client-terms.ts';
import { Peer } from '../../pkg/proxy/peer.ts';
import { Request } from '../../pkg/proxy/request.ts';
import { RequestBody } from '../../pkg/proxy/request-body.ts';
import type { Connection } from '../../pkg/proxy/transport.ts';
import { testSettings } from '../../pkg/testkit/proxy.ts';
import { type Frame, type Reading, threw } from './reading.ts';

/** And where in the stream each frame ends. */
export interface OurReading extends Reading {
  readonly ends: readonly number[];
  /** The last message says that it is the last. */
  readonly closes: boolean;
}

/** Told of each request that was accepted, while its head is still there. */
export type Accepted = (request: Request, index: number) => void;

export class RequestCodec {
  readonly #request = new Request(new Peer(nobody(), createSocketClients(undefined, testSettings), null));
  readonly #body = new RequestBody();

  /** @param pieces are overwritten: chunked bodies are decoded in place */
  read(pieces: readonly Buffer[], accepted?: Accepted): OurReading {
    try {
      return this.#read(pieces, accepted);
    } catch (error) {
      return { frames: [], ends: [], closes: true, stop: threw(error) };
    }
  }

  #read(pieces: readonly Buffer[], accepted?: Accepted): OurReading {
    const ends: number[] = [];
    let before = 0;
    let closes = false;
    const request = this.#request;
    const frames: Frame[] = [];
    let start = '';
    let fields = '';
    let body = '';
    let state: 'idle' | 'head' | 'body' = 'idle';
    const finish = (at: number): boolean => {
      frames.push({ start, fields, body, complete: true });
      ends.push(before + at);
      state = 'idle';
      closes = !persists(request.options, request.head.minor);
      return !closes;
    };
    for (const bytes of pieces) {
      for (let at = 0; at < bytes.length; ) {
        if (state !== 'body') {
          if (state === 'idle') request.clear();
          state = 'head';
          const { received, head } = request;
          const verdict = received.add(bytes, at, bytes.length, head, testSettings.limits.headerBytes);
          at += received.taken;
          if (verdict === 'incomplete') continue;
          if (verdict !== 'complete') return { frames, ends, closes, stop: verdict };
          const refusal = request.read(testSettings, () => 'id');
          if (refusal !== null) return { frames, ends, closes, stop: refusal };
          accepted?.(request, frames.length);
          start = `${request.method} ${receivedTarget(request)}`;
          fields = fieldsOf(request.buffer, head);
          body = '';
          if (request.bodyLength === 0) {
            if (!finish(at)) return { frames, ends, closes, stop: at === bytes.length ? 'end' : 'closed' };
            continue;
          }
          state = 'body';
          this.#body.begin(request.bodyLength, 0);
        } else {
          if (!this.#body.read(bytes, at, bytes.length)) {
            frames.push({ start, fields, body, complete: false });
            ends.push(before + bytes.length);
            return { frames, ends, closes, stop: 'bad-body' };
          }
          const { dataStart, dataEnd, next, last } = this.#body;
          body += bytes.toString('latin1', dataStart, dataEnd);
          at = next;
          if (last && !finish(at)) return { frames, ends, closes, stop: at === bytes.length ? 'end' : 'closed' };
        }
      }
      before += bytes.length;
    }
    ends.push(before);
    if (state === 'body') frames.push({ start, fields, body, complete: false });
    return { frames, ends, closes, stop: state === 'idle' ? 'end' : 'more' };
  }
}

/** `name:value` lines as `Frame` has them. */
export function fieldsOf(bytes: Buffer, { fields, count }: Head): string {
  let text = '';
  for (let i = 0; i < count; i++) {
    const name = bytes.toString('latin1', fields[4 * i], fields[4 * i + 1]).toLowerCase();
    text += `${name}:${bytes.toString('latin1', fields[4 * i + 2], fields[4 * i + 3])}\n`;
  }
  return text;
}

function receivedTarget({ buffer, head }: Request): string {
  return buffer.toString('latin1', head.targetStart, head.targetEnd);
}

/** The connection of a client that is not there. */
function nobody(): Connection {
  const never = (): never => {
    throw new Error('The codec writes nothing.');
  };
  return {
    handler: { onData: never, onEnd: never, onDrain: never, onClose: never },
    remoteAddress: '127.0.0.1',
    remotePort: 1,
    localAddress: '127.0.0.1',
    localPort: 80,
    tls: null,
    write: never,
    output: never,
    writeOutput: never,
    pending: false,
    readInto: never,
    pause: never,
    resume: never,
    end: never,
    destroy: never,
  };
}
