/** The request side of one fast-lane connection: heads and bodies become as few writes as can be. Owned by H1Connection. */
import type { Buffer } from 'node:buffer';
import { ChunkHeaderBytes, writeBytes, writeChunkHeader, writeLineEnd } from '../http1/encode.ts';
import { type Connection, OutputBytes } from '../proxy/transport.ts';
import type { Outbox } from './h1context.ts';
import { BodyChunked, type UpstreamRequest } from './upstream.ts';

/** Body bytes that are gathered for one write; more go out at once. */
const GatherBytes = 16_384;
const ChunkFraming = ChunkHeaderBytes + 2;

export class H1Writer {
  /** A byte of the request may have left. */
  sent = false;
  /** The request is complete. */
  done = true;
  /** Body bytes to go, or BodyChunked. */
  left = 0;
  readonly #connection: Connection;
  readonly #outbox: Outbox;

  constructor(connection: Connection, outbox: Outbox) {
    this.#connection = connection;
    this.#outbox = outbox;
  }

  /** A request without body goes out at once; one with a body waits in the outbox for its first bytes. @returns false: its head is too long */
  begin(request: UpstreamRequest): boolean {
    this.sent = false;
    this.left = request.bodyLength;
    this.done = request.bodyLength === 0;
    if (this.done) {
      const length = request.encode(this.#connection.output(), 0);
      if (length < 0) return false;
      this.sent = true;
      this.#connection.writeOutput(length);
      return true;
    }
    this.#outbox.take(this);
    const length = request.encode(this.#outbox.bytes, 0);
    this.#outbox.length = Math.max(length, 0);
    return length >= 0;
  }

  /** @returns false: the peer is slow, and `owned` bytes are still needed */
  write(bytes: Buffer, start: number, end: number, owned: boolean): boolean {
    const length = end - start;
    const chunked = this.left === BodyChunked;
    if (!chunked) this.left -= length;
    if (length <= GatherBytes) {
      const outbox = this.#gather(length + ChunkFraming);
      outbox.length = frame(outbox.bytes, outbox.length, bytes, start, end, chunked);
      return outbox.length < GatherBytes ? !this.#connection.pending : this.flush();
    }
    this.flush();
    this.sent = true;
    if (owned && !chunked) return this.#connection.write(bytes, start, end);
    let taken = true;
    for (let at = start; at < end; ) {
      const to = Math.min(at + OutputBytes - ChunkFraming, end);
      const framed = frame(this.#connection.output(), 0, bytes, at, to, chunked);
      taken = this.#connection.writeOutput(framed) && taken;
      at = to;
    }
    return taken;
  }

  end(trailers: Buffer | null): void {
    this.done = true;
    if (this.left === BodyChunked) {
      const outbox = this.#gather((trailers?.length ?? 0) + ChunkFraming);
      let at = writeChunkHeader(outbox.bytes, outbox.length, 0);
      if (trailers !== null) at = writeBytes(outbox.bytes, at, trailers);
      outbox.length = writeLineEnd(outbox.bytes, at);
    }
    this.flush();
  }

  /** @returns false: the peer is slow */
  flush(): boolean {
    const outbox = this.#outbox;
    if (outbox.owner !== this) return !this.#connection.pending;
    const { length } = outbox;
    outbox.drop(this);
    if (length === 0) return true;
    this.sent = true;
    const taken = this.#connection.write(outbox.bytes, 0, length);
    if (!taken) outbox.renew();
    return taken;
  }

  /** The outbox with room for `length` bytes behind what is in it. */
  #gather(length: number): Outbox {
    const outbox = this.#outbox;
    outbox.take(this);
    if (outbox.length + length > outbox.bytes.length) {
      this.flush();
      outbox.take(this);
    }
    return outbox;
  }
}

function frame(out: Buffer, at: number, bytes: Buffer, start: number, end: number, chunked: boolean): number {
  if (!chunked) return writeBytes(out, at, bytes, start, end);
  return writeLineEnd(out, writeBytes(out, writeChunkHeader(out, at, end - start), bytes, start, end));
}
