/** A copy of a request to another cluster, whose answer nobody reads. It owns everything it needs, so it neither delays nor fails the exchange. */
import { Buffer } from 'node:buffer';
import type { ClusterRuntime, ResponseHandler, UpstreamRequest, UpstreamStream } from '../upstream/upstream.ts';
import type { Connection } from './transport.ts';

const MaxHead = 131_072;

/** What was sent, frozen: the exchange's own request is refilled while the copy may still wait for a connection. */
class CopiedRequest implements UpstreamRequest {
  readonly forwardMethod: string;
  readonly target: string;
  readonly authority: string;
  readonly bodyLength: number;
  readonly upgrade = null;
  readonly #head: Buffer;
  readonly #raw: readonly string[];

  constructor(request: UpstreamRequest) {
    this.forwardMethod = request.forwardMethod;
    this.target = request.target;
    this.authority = request.authority;
    this.bodyLength = request.bodyLength;
    const out = Buffer.allocUnsafeSlow(MaxHead);
    this.#head = Buffer.from(out.subarray(0, Math.max(0, request.encode(out, 0))));
    this.#raw = request.rawHeaders();
  }

  encode(out: Buffer, at: number): number {
    if (this.#head.length > out.length - at) return -1;
    out.set(this.#head, at);
    return at + this.#head.length;
  }

  rawHeaders(): string[] {
    return [...this.#raw];
  }
}

export class Mirror implements ResponseHandler {
  readonly #cluster: ClusterRuntime;
  readonly #request: CopiedRequest;
  readonly #limit: number;
  #stream: UpstreamStream | null = null;
  #parts: Buffer[] = [];
  #length = 0;

  /** @param limit bytes of a body that are kept; a longer one is not mirrored */
  constructor(cluster: ClusterRuntime, request: UpstreamRequest & { readonly upgrade: string | null }, limit: number) {
    this.#cluster = cluster;
    this.#request = new CopiedRequest(request);
    this.#limit = limit;
    // A tunnel cannot be copied; a body is sent once it is whole, so that a slow client holds no connection here.
    if (request.upgrade === null && request.bodyLength === 0) this.#start();
  }

  body(bytes: Buffer, start: number, end: number, last: boolean): void {
    this.#length += end - start;
    if (this.#length > this.#limit) {
      this.#parts = [];
      return;
    }
    if (end > start) this.#parts.push(Buffer.from(bytes.subarray(start, end)));
    if (!last) return;
    this.#start();
    const body = Buffer.concat(this.#parts);
    this.#parts = [];
    const stream = this.#stream;
    if (stream === null) return;
    if (body.length > 0) stream.write(body, 0, body.length, false);
    stream.end(null);
  }

  onInformational(): void {}
  onHead(): void {}
  onData(): void {}
  onEnd(): void {}
  onFlush(): void {}
  onRequestDrain(): void {}
  onFailure(): void {}

  onUpgrade(_status: number, _bytes: Buffer, _head: unknown, connection: Connection): void {
    connection.destroy();
  }

  #start(): void {
    this.#stream = this.#cluster.request(this.#request, this, '');
  }
}
