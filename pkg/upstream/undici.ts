/** The general lane: one undici Pool per endpoint, for TLS to backends and for any cluster that is forced onto it. README.md says what it cannot do. */
import type { Socket } from 'node:net';
import { buildConnector, Pool } from 'undici';
import type { ErrorCode } from '../proxy/errors.ts';
import type { Transport } from '../proxy/transport.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { DescriptorGate } from './descriptor-gate.ts';
import { Denied, type EgressGuard } from './egress.ts';
import type { H1Options } from './h1dispatcher.ts';
import { endpointName, type Lane, type LaneStats } from './lane.ts';
import type { Pending } from './pending.ts';
import { Missing, type TlsOptions } from './tls.ts';
import { UndiciStream } from './undici-stream.ts';
import type { ResponseHandler, UpstreamRequest, UpstreamStream } from './upstream.ts';

export interface UndiciOptions extends H1Options {
  /** null for plaintext. */
  readonly tls: TlsOptions | Missing | null;
  readonly maxHeadBytes: number;
}

export interface UndiciEnv {
  readonly transport: Transport;
  readonly telemetry: Telemetry;
  /** Where a connection waits for a descriptor. */
  readonly gate: DescriptorGate;
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
    const { telemetry } = env;
    this.#pool.on('connect', () => telemetry.upstreamConnection(options.cluster, 'opened'));
    this.#pool.on('disconnect', () => telemetry.upstreamConnection(options.cluster, 'closed'));
    this.#pool.on('connectionError', () => telemetry.upstreamConnection(options.cluster, 'failed'));
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
    const { tls } = this.#options;
    const servername = tls === null || tls === Missing ? undefined : tls.servername;
    // Without it undici would take the name for SNI from the Host field, and connect anew for each.
    this.#pool.dispatch({ ...options, ...(servername === undefined ? {} : { servername }) }, stream);
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

  /** undici closes its idle connections at their timeout alone. */
  trim(): void {}

  close(): Promise<void> {
    return this.#pool.closed ? Promise.resolve() : this.#pool.close();
  }

  destroy(): Promise<void> {
    return this.#pool.destroyed ? Promise.resolve() : this.#pool.destroy();
  }

  #connector(unix: boolean): buildConnector.connector {
    const { host, connectTimeout, tls } = this.#options;
    if (tls === Missing) return (_, done) => process.nextTick(done, failed('upstream-tls'), null);
    const connect = buildConnector({
      allowH2: false,
      timeout: connectTimeout,
      ...(unix ? { socketPath: host } : {}),
      ...tls,
    });
    return (options, done) => {
      const servername = tls?.servername;
      const named = { ...options, ...(servername === undefined ? {} : { servername }) };
      const callback: buildConnector.Callback = (...[error, socket]) => {
        if (error === null) done(null, socket);
        else done(Object.assign(error, { failure: connectFailure(error) }), null);
      };
      const dial = (): void => {
        if (unix) connect(named, callback);
        else void this.#dial(named, connect, callback, done);
      };
      this.#env.gate.pass(connectTimeout, dial, () => done(failed('overloaded'), null));
    };
  }

  /** The name is resolved and its address guarded at each connect. */
  async #dial(
    options: buildConnector.Options,
    connect: buildConnector.connector,
    connected: buildConnector.Callback,
    refuse: buildConnector.Callback,
  ): Promise<void> {
    const addresses = await this.#env.guard().resolve(this.#options.host);
    if (addresses === Denied) refuse(failed('egress-denied'), null);
    else if (addresses.length === 0) refuse(failed('connect-failed'), null);
    else {
      try {
        connect({ ...options, hostname: addresses[0]! }, connected);
      } catch {
        // Key material that does not parse: `tls.connect` throws it.
        refuse(failed('upstream-tls'), null);
      }
    }
  }
}

const fail = (stream: UndiciStream, code: ErrorCode, untouched: boolean): void => stream.fail(code, untouched);

function failed(failure: ErrorCode): Error {
  return Object.assign(new Error(failure), { failure });
}

/** Before a connection was there. */
function connectFailure(error: Error & { code?: string }): ErrorCode {
  const code = error.code ?? '';
  if (code === 'EMFILE' || code === 'ENFILE') return 'overloaded';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'connect-timeout';
  // System errors of the connect itself, or of a peer that went away within the handshake; all others say that it cannot be trusted.
  return /^(?:ECONN(?:REFUSED|ABORTED|RESET)|EPIPE|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENOENT|EACCES)$/.test(code)
    ? 'connect-failed'
    : 'upstream-tls';
}
