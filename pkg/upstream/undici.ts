/** The general lane: one undici Pool per endpoint, for TLS to backends and for any cluster that is forced onto it. README.md says what it cannot do. */
import type { Socket } from 'node:net';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import type { ErrorCode } from '../proxy/errors.ts';
import type { Transport } from '../proxy/transport.ts';
import type { Telemetry } from '../telemetry/record.ts';
import { Denied, type EgressGuard } from './egress.ts';
import type { H1Options } from './h1dispatcher.ts';
import { endpointName, type Lane, type LaneStats } from './lane.ts';
import type { Pending } from './pending.ts';
import type { TlsOptions } from './tls.ts';
import { UndiciStream } from './undici-stream.ts';
import type { ResponseHandler, UpstreamRequest, UpstreamStream } from './upstream.ts';

export interface UndiciOptions extends H1Options {
  /** null for plaintext. */
  readonly tls: TlsOptions | null;
  readonly maxHeadBytes: number;
}

export interface UndiciEnv {
  readonly transport: Transport;
  readonly telemetry: Telemetry;
  /** Asked at each connect, since the settings may change. */
  readonly guard: () => EgressGuard;
}

export class UndiciLane implements Lane {
  readonly name: string;
  load = 0;
  readonly #options: UndiciOptions;
  readonly #env: UndiciEnv;
  readonly #pending: Pending;
  readonly #pool: Pool;
  readonly #origin: string;
  /** How many of the cluster's waiting requests are this lane's. */
  #counted = 0;

  constructor(options: UndiciOptions, env: UndiciEnv, pending: Pending) {
    const { host, port, tls } = options;
    this.#options = options;
    this.#env = env;
    this.#pending = pending;
    this.name = endpointName(host, port);
    const unix = host.startsWith('/');
    this.#origin = `${tls === null ? 'http' : 'https'}://${unix ? 'localhost' : this.name}`;
    this.#pool = new Pool(this.#origin, {
      allowH2: false,
      connections: options.maxConnections,
      pipelining: 1,
      keepAliveTimeout: options.idleTimeout,
      // Not what the endpoint would like, but what the cluster says.
      keepAliveMaxTimeout: options.idleTimeout,
      ...(options.maxLifetime > 0 ? { clientTtl: options.maxLifetime } : {}),
      maxHeaderSize: options.maxHeadBytes,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: this.#connector(unix),
    });
  }

  get stats(): LaneStats {
    const { connected, free, queued } = this.#pool.stats;
    return { open: connected, idle: free, waiting: queued };
  }

  dispatchRaw(request: UpstreamRequest, handler: ResponseHandler): UpstreamStream {
    const stream = new UndiciStream(this, request, handler);
    this.load++;
    // undici's own queue has no end.
    if (this.load > this.#options.maxConnections) {
      if (!this.#pending.enter()) {
        process.nextTick(fail, stream, 'overloaded', false);
        return stream;
      }
      this.#counted++;
    }
    const options = stream.options();
    if (options === null) {
      process.nextTick(fail, stream, 'method-not-allowed', false);
      return stream;
    }
    const { servername } = this.#options.tls ?? {};
    // Without it undici would take the name for SNI from the Host field, and connect anew for each.
    this.#pool.dispatch(
      { ...options, ...(servername === undefined ? {} : { servername }) } as Dispatcher.DispatchOptions,
      stream,
    );
    return stream;
  }

  /** A stream is over. */
  settled(): void {
    this.load--;
    if (this.#counted === 0 || this.load - this.#options.maxConnections >= this.#counted) return;
    this.#counted--;
    this.#pending.leave();
  }

  adopt(socket: Socket): ReturnType<Transport['adopt']> {
    return this.#env.transport.adopt(socket);
  }

  close(): Promise<void> {
    return this.#pool.closed ? Promise.resolve() : this.#pool.close();
  }

  destroy(): Promise<void> {
    return this.#pool.destroyed ? Promise.resolve() : this.#pool.destroy();
  }

  #connector(unix: boolean): buildConnector.connector {
    const { host, connectTimeout, tls, cluster } = this.#options;
    const { guard, telemetry } = this.#env;
    const connect = buildConnector({
      allowH2: false,
      timeout: connectTimeout,
      ...(unix ? { socketPath: host } : {}),
      ...tls,
    });
    return (options, done) => {
      const callback: buildConnector.Callback = (...[error, socket]) => {
        telemetry.upstreamConnection(cluster, error === null ? 'opened' : 'failed');
        if (error !== null) {
          done(Object.assign(error, { failure: connectFailure(error) }), null);
          return;
        }
        socket.once('close', () => telemetry.upstreamConnection(cluster, 'closed'));
        done(null, socket);
      };
      const servername = tls?.servername;
      const named = { ...options, ...(servername === undefined ? {} : { servername }) };
      if (unix) {
        connect(named, callback);
        return;
      }
      void guard()
        .resolve(host)
        .then((addresses) => {
          if (addresses === Denied) done(failed('egress-denied'), null);
          else if (addresses.length === 0) done(failed('connect-failed'), null);
          else connect({ ...named, hostname: addresses[0]! }, callback);
        })
        .catch((error: unknown) => done(Object.assign(error as Error, { failure: 'connect-failed' }), null));
    };
  }
}

const fail = (stream: UndiciStream, code: ErrorCode, untouched: boolean): void => stream.fail(code, untouched);

function failed(failure: ErrorCode): Error {
  return Object.assign(new Error(failure), { failure });
}

/** Before a connection was there. */
function connectFailure(error: Error & { code?: string }): ErrorCode {
  const code = error.code ?? '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'connect-timeout';
  // System errors of the connect itself; all others are the handshake's.
  return /^(?:ECONN(?:REFUSED|ABORTED)|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENOENT|EACCES|EMFILE)$/.test(code)
    ? 'connect-failed'
    : 'upstream-tls';
}
