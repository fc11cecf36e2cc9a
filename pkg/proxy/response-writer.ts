/** Writes one response to the client: head and first body bytes in one call, then what comes, framed as the client needs it. */
import type { Buffer } from 'node:buffer';
import { ChunkHeaderBytes, literal, writeBytes, writeChunkHeader, writeLineEnd } from '../http1/encode.ts';
import { encodeResponse, Framing, type Response } from './response-head.ts';
import { type Connection, OutputBytes } from './transport.ts';

const lastChunk = literal('0\r\n');
/** Owned bytes below this are copied: a second write costs more than the copy. */
const CopyBelow = 16_384;
const Room = ChunkHeaderBytes + 4;

export class ResponseWriter {
  #connection: Connection | null = null;
  #framing: Framing = Framing.None;
  /** Bytes in the output region that are not written yet. They never outlive the turn of the event that made them. */
  #held = 0;
  /** The client takes what was written before more is sent. */
  slow = false;
  /** Body bytes so far, without framing. */
  bodyBytes = 0;

  begin(connection: Connection): void {
    this.#connection = connection;
    this.#held = 0;
    this.slow = false;
    this.bodyBytes = 0;
  }

  /** @returns false if the head does not fit: nothing was written */
  head(response: Response, date: () => string): boolean {
    const connection = this.#connection!;
    const end = encodeResponse(response, connection.output(), this.#held, date);
    if (end < 0) return false;
    this.#held = end;
    this.#framing = response.framing;
    return true;
  }

  /** @param owned the bytes stay valid while the sender is paused; then `slow` must pause it before it goes on */
  data(bytes: Buffer, start: number, end: number, owned: boolean): void {
    if (this.#framing === Framing.None || start === end) return;
    this.bodyBytes += end - start;
    if (owned && end - start >= CopyBelow) {
      this.#pass(bytes, start, end);
      return;
    }
    for (let from = start; from < end; ) {
      if (this.#held + Math.min(end - from, CopyBelow) + Room > OutputBytes) this.flush();
      const to = Math.min(end, from + OutputBytes - this.#held - Room);
      const out = this.#connection!.output();
      let at = this.#held;
      if (this.#framing === Framing.Chunked) at = writeChunkHeader(out, at, to - from);
      at = writeBytes(out, at, bytes, from, to);
      this.#held = this.#framing === Framing.Chunked ? writeLineEnd(out, at) : at;
      from = to;
    }
  }

  /** The body is complete. @param trailers CRLF-terminated lines, or null; dropped where the framing has no place for them */
  end(trailers: Buffer | null): void {
    if (this.#framing === Framing.Chunked) {
      const length = trailers === null ? 0 : trailers.length;
      if (this.#held + length + Room > OutputBytes) this.flush();
      const out = this.#connection!.output();
      let at = writeBytes(out, this.#held, lastChunk);
      if (trailers !== null && length + Room <= OutputBytes) at = writeBytes(out, at, trailers);
      this.#held = writeLineEnd(out, at);
    }
    this.flush();
  }

  flush(): void {
    if (this.#held === 0) return;
    const length = this.#held;
    this.#held = 0;
    if (!this.#connection!.writeOutput(length)) this.slow = true;
  }

  /** Large owned bytes go out as they are. */
  #pass(bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection!;
    const chunked = this.#framing === Framing.Chunked;
    if (chunked) {
      if (this.#held + Room > OutputBytes) this.flush();
      this.#held = writeChunkHeader(connection.output(), this.#held, end - start);
    }
    this.flush();
    if (!connection.write(bytes, start, end)) this.slow = true;
    if (chunked) this.#held = writeLineEnd(connection.output(), 0);
  }
}
