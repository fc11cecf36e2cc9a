/**
 * gRPC to one endpoint: one HTTP/2 connection, plaintext or TLS, opened when it is first needed and again when it broke. It lives here, beside
 * the other lanes of the endpoint, because only a worker knows endpoints as they are at this moment: the services thread would have to be told
 * of each that comes and goes, and every call would cross two threads on its way.
 *
 * Loaded when a call is made: its libraries are 7 MB of heap, which no worker shall have that calls nobody.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport as GrpcTransport } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { ErrorCode } from '../proxy/errors.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { DescriptorGate } from './descriptor-gate.ts';
import { Denied, type EgressGuard } from './egress.ts';
import { GrpcError } from './grpc-error.ts';
import { endpointName } from './lane.ts';
import { Missing, type TlsOptions } from './tls.ts';

export interface GrpcOptions {
  /** Of the cluster, for metrics. */
  readonly cluster: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions | Missing | null;
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly idleTimeout: number;
}

export interface GrpcEnv {
  readonly telemetry: Telemetry;
  readonly gate: DescriptorGate;
  /** Asked at each connect, since the settings may change. */
  readonly guard: () => EgressGuard;
}

/** Of one answer. */
const MaxMessage = 1024 * 1024;
/** A connection that has been silent for so long is asked whether it still is one before it is used: its endpoint may have gone without a word. */
const PingAfter = 5_000;
const PingTimeout = 1_000;

export class GrpcLane {
  readonly name: string;
  /** Calls under way. */
  load = 0;
  readonly #options: GrpcOptions;
  readonly #env: GrpcEnv;
  readonly #sessions: Http2SessionManager;
  readonly #transport: GrpcTransport;
  /** Where the next connection goes: an address that the guard let through. */
  #address = '';
  #closing: PromiseWithResolvers<void> | null = null;

  constructor(options: GrpcOptions, env: GrpcEnv) {
    const { host, port, tls, idleTimeout } = options;
    this.#options = options;
    this.#env = env;
    this.name = endpointName(host, port);
    const authority = tls === null || tls === Missing ? this.name : `${tls.servername}:${port}`;
    const baseUrl = `${tls === null ? 'http' : 'https'}://${host.startsWith('/') ? 'localhost' : authority}`;
    this.#sessions = new Http2SessionManager(
      baseUrl,
      { pingIntervalMs: PingAfter, pingTimeoutMs: PingTimeout, idleConnectionTimeoutMs: idleTimeout },
      // The peer may open no streams towards us, and its fields are as limited as an answer of HTTP/1.1.
      { createConnection: () => this.#open(), settings: { enablePush: false, maxHeaderListSize: 65_536 } },
    );
    this.#transport = createGrpcTransport({
      baseUrl,
      sessionManager: this.#sessions,
      acceptCompression: [],
      readMaxBytes: MaxMessage,
    });
  }

  /** @param signal ends the call; its reason is what the call rejects with */
  async unary(method: DescMethodUnary, message: Message, timeout: number, signal: AbortSignal): Promise<Message> {
    this.load++;
    try {
      await this.#ready();
      signal.throwIfAborted();
      const answer = await this.#transport.unary(method, signal, timeout, undefined, message);
      return answer.message;
    } catch (error) {
      if (error instanceof GrpcError) throw error;
      throw new GrpcError(signal.aborted ? 'upstream-timeout' : callFailure(error), textOf(error), false, error);
    } finally {
      this.load--;
      this.#end();
    }
  }

  /** Finishes what is under way. */
  close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    this.#end();
    return this.#closing.promise;
  }

  /** Ends everything. */
  async destroy(): Promise<void> {
    this.#sessions.abort();
  }

  #end(): void {
    if (this.#closing === null || this.load > 0) return;
    this.#sessions.abort();
    this.#closing.resolve();
  }

  async #ready(): Promise<void> {
    if (this.#options.tls === Missing) throw missing();
    const state = this.#sessions.state();
    if (state === 'closed' || state === 'error') await this.#locate();
    if ((await this.#sessions.connect()) !== 'error') return;
    const error = this.#sessions.error();
    throw causeOf(error) ?? new GrpcError(connectFailure(error), textOf(error), true, error);
  }

  /** Room for a descriptor, and an address that may be dialled. */
  async #locate(): Promise<void> {
    const { host, connectTimeout } = this.#options;
    const { gate, guard } = this.#env;
    await new Promise<void>((resolve, reject) => {
      gate.pass(
        connectTimeout,
        () => resolve(),
        () => reject(new GrpcError('overloaded', 'no descriptor is free', true)),
      );
    });
    if (host.startsWith('/')) return;
    const addresses = await guard().resolve(host);
    if (addresses === Denied) throw new GrpcError('egress-denied', `${this.name} may not be asked`, true);
    if (addresses[0] === undefined) throw new GrpcError('connect-failed', `${host} has no address`, true);
    this.#address = addresses[0];
  }

  /** Throws where nothing may be dialled, so that the session manager cannot do it on its own account. */
  #open(): Socket {
    const { host, port, tls, connectTimeout, cluster } = this.#options;
    const { telemetry, guard } = this.#env;
    if (tls === Missing) throw missing();
    const unix = host.startsWith('/');
    if (!unix && !guard().allows(this.#address))
      throw new GrpcError('egress-denied', `${this.name} may not be asked`, true);
    const where = unix ? { path: host } : { host: this.#address, port };
    const servername = tls?.servername ?? '';
    const socket =
      tls === null
        ? connectTcp({ ...where, noDelay: true })
        : connectTls({
            ...where,
            ...tls,
            ...(isIP(servername) === 0 ? { servername } : {}),
            ALPNProtocols: ['h2'],
          });
    const connected = tls === null ? 'connect' : 'secureConnect';
    const late = setTimeout(() => {
      socket.destroy(new GrpcError('connect-timeout', `${this.name} did not accept a connection in time`, true));
    }, connectTimeout);
    let opened = false;
    socket.once(connected, () => {
      clearTimeout(late);
      opened = true;
      telemetry.upstreamConnection(cluster, 'opened');
    });
    socket.once('close', () => {
      clearTimeout(late);
      telemetry.upstreamConnection(cluster, opened ? 'closed' : 'failed');
    });
    return socket;
  }
}

function missing(): GrpcError {
  return new GrpcError('upstream-tls', 'a certificate or CA that the cluster refers to is not there', true);
}

function causeOf(error: unknown): GrpcError | null {
  for (let each = error; Error.isError(each); each = each.cause) if (each instanceof GrpcError) return each;
  return null;
}

/** Any status but OK, of the server or of the connection that broke. */
function callFailure(error: unknown): ErrorCode {
  const { code } = ConnectError.from(error);
  if (code === Code.DeadlineExceeded) return 'upstream-timeout';
  return code === Code.Unavailable ? 'upstream-reset' : 'upstream-invalid';
}

function connectFailure(error: unknown): ErrorCode {
  for (let each = error; Error.isError(each); each = each.cause) {
    const { code } = each as { readonly code?: unknown };
    if (typeof code === 'string') return /^(?:E[A-Z]+|ERR_HTTP2_.*)$/.test(code) ? 'connect-failed' : 'upstream-tls';
  }
  return 'connect-failed';
}

function textOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}
