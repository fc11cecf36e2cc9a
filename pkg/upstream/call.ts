/**
 * A request of the gateway's own to a cluster, and the whole answer: what policies ask authorization services and the like. Balanced, limited and
 * guarded as what is proxied is. Only what no server has seen is sent again, as the proxy does; no status and no timeout is.
 */
import { Buffer } from 'node:buffer';
import type { Head } from '../http1/head.ts';
import type { ErrorCode } from '../proxy/errors.ts';
import { TimerEntry, type Timers } from '../proxy/timers.ts';
import type { Connection } from '../proxy/transport.ts';
import { DispatchRequest } from './h1dispatchrequest.ts';
import { isConnectFailure } from './retry.ts';
import type { ClusterRuntime, ResponseHandler, UpstreamStream } from './upstream.ts';

export interface CallRequest {
  /** Id in `Ir.clusters`. */
  readonly cluster: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authority: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  /** Bytes of the answer's body. */
  readonly maxBody: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

export interface CallAnswer {
  readonly status: number;
  /** Names in lower case; one value per field line. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
}

/** `upstream-invalid`: also an answer that is too long. `client-closed`: given up by its signal. `internal`: the request is no valid one. */
export class CallError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface CallEnv {
  readonly clusters: { get(id: string): ClusterRuntime | undefined };
  readonly timers: Timers;
}

interface Failure {
  readonly code: ErrorCode;
  readonly untouched: boolean;
}

const SilentRetries = 2;

/** The returned function rejects with a `CallError`. */
export function createCall(env: CallEnv): (request: CallRequest) => Promise<CallAnswer> {
  return (request) =>
    new Promise((resolve, reject) => {
      const outgoing = new DispatchRequest({
        method: request.method,
        path: request.path,
        headers: { ...request.headers, host: request.authority },
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      const wrong = outgoing.prepare('');
      const cluster = env.clusters.get(request.cluster);
      if (wrong !== null) reject(new CallError('internal', wrong));
      else if (cluster === undefined) reject(new CallError('no-endpoint', `there is no cluster ${request.cluster}`));
      else new ActiveCall(request, outgoing, cluster, env.timers, resolve, reject).begin();
    });
}

class ActiveCall extends TimerEntry implements ResponseHandler {
  readonly #request: CallRequest;
  readonly #outgoing: DispatchRequest;
  readonly #cluster: ClusterRuntime;
  readonly #timers: Timers;
  readonly #resolve: (answer: CallAnswer) => void;
  readonly #reject: (error: CallError) => void;
  #stream: UpstreamStream | null = null;
  #silent = 0;
  /** `cluster.request` runs: a failure it reports at once is looked at when it has returned. */
  #starting = false;
  #early: Failure | null = null;
  #over = false;
  #status = 0;
  readonly #headers = new Map<string, string[]>();
  #parts: Buffer[] = [];
  #length = 0;

  constructor(
    request: CallRequest,
    outgoing: DispatchRequest,
    cluster: ClusterRuntime,
    timers: Timers,
    resolve: (answer: CallAnswer) => void,
    reject: (error: CallError) => void,
  ) {
    super();
    this.#request = request;
    this.#outgoing = outgoing;
    this.#cluster = cluster;
    this.#timers = timers;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    const { signal, timeout } = this.#request;
    if (signal?.aborted === true) {
      this.#onAbort();
      return;
    }
    signal?.addEventListener('abort', this.#onAbort);
    this.#timers.schedule(this, timeout);
    this.#attempt('');
  }

  override onTimeout(): void {
    this.#fail('upstream-timeout', `no whole answer within ${this.#request.timeout} ms`);
  }

  onHead(status: number, bytes: Buffer, head: Head, length: number): void {
    const { fields } = head;
    this.#status = status;
    for (let i = 0; i < head.count; i++) {
      const name = bytes.toString('latin1', fields[4 * i], fields[4 * i + 1]).toLowerCase();
      const value = bytes.toString('latin1', fields[4 * i + 2], fields[4 * i + 3]);
      const before = this.#headers.get(name);
      if (before === undefined) this.#headers.set(name, [value]);
      else before.push(value);
    }
    if (length > this.#request.maxBody) this.#tooLong();
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.#length += end - start;
    if (this.#length > this.#request.maxBody) this.#tooLong();
    else this.#parts.push(Buffer.from(bytes.subarray(start, end)));
  }

  onEnd(): void {
    if (this.#over) return;
    this.#settle();
    this.#resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#parts) });
  }

  onFailure(code: ErrorCode, untouched: boolean): void {
    if (this.#starting) this.#early = { code, untouched };
    else this.#onFailure(this.#stream!, code, untouched);
  }

  onUpgrade(_status: number, _bytes: Buffer, _head: Head, connection: Connection): void {
    connection.destroy();
    this.#fail('upstream-invalid', `${this.#cluster.name} changed the protocol`);
  }

  onInformational(): void {}
  onFlush(): void {}
  onRequestDrain(): void {}

  readonly #onAbort = (): void => this.#fail('client-closed', 'nobody waits for the call any more');

  #attempt(avoid: string): void {
    this.#starting = true;
    this.#early = null;
    const stream = this.#cluster.request(this.#outgoing, this, avoid);
    this.#starting = false;
    this.#stream = stream;
    const early = this.#early as Failure | null;
    if (early !== null) {
      this.#onFailure(stream, early.code, early.untouched);
      return;
    }
    const { bytes } = this.#outgoing;
    if (bytes === null || bytes.length === 0) return;
    stream.write(bytes, 0, bytes.length, false);
    stream.end(null);
  }

  #onFailure({ endpoint, reused }: UpstreamStream, code: ErrorCode, untouched: boolean): void {
    this.#stream = null;
    if (untouched && (isConnectFailure(code) || reused) && this.#silent < SilentRetries) {
      this.#silent++;
      this.#attempt(endpoint);
    } else this.#fail(code, `the call to ${this.#cluster.name} failed: ${code}`);
  }

  #tooLong(): void {
    this.#fail('upstream-invalid', `the answer of ${this.#cluster.name} is longer than ${this.#request.maxBody} bytes`);
  }

  #fail(code: ErrorCode, message: string): void {
    if (this.#over) return;
    const stream = this.#stream;
    this.#settle();
    stream?.abort();
    this.#reject(new CallError(code, message));
  }

  #settle(): void {
    this.#over = true;
    this.#stream = null;
    this.#timers.cancel(this);
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
  }
}
