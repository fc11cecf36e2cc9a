/**
 * The transport: byte streams, accepted or connected, without HTTP.
 *
 * Two implementations stand behind this interface: `transport-socket.ts` on the documented net/tls API, and `transport-handle.ts`, the one audited file
 * that reads accepted sockets into one shared buffer and writes synchronously. A start-up self-test chooses; the whole proxy suite runs on both.
 */
import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { ClientCertificate } from '../policy/runtime.ts';

export interface ConnectionHandler {
  /**
   * Bytes arrived: `bytes[start, end)`. They may be overwritten after the call (one read buffer serves every connection of the worker),
   * unless the connection reads into a buffer of its own (`readInto`).
   */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The peer's FIN. Never called while paused only if the implementation cannot know it. */
  onEnd(): void;
  /** Everything that a `write` said false to was taken; memory given to `write` is the caller's again. */
  onDrain(): void;
  /** The last call, once, never from within a call of the owner's; after `destroy` too. `error` is a code such as ECONNRESET, or null. */
  onClose(error: string | null): void;
}

export interface Connection {
  /** Assigned by the owner before the first byte; replaced on an upgrade. */
  handler: ConnectionHandler;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** null on plaintext. */
  readonly tls: ConnectionTls | null;

  /**
   * Writes `bytes[start, end)`.
   * @returns true: the kernel took them, the memory is the caller's again. false: the memory must stay untouched until onDrain;
   *   further writes are allowed and go out in order.
   */
  write(bytes: Buffer, start: number, end: number): boolean;
  /**
   * The worker's output region, at least OutputBytes long: build a message here, then `writeOutput`. One region serves all connections,
   * so it must be written (or abandoned) before anything else is called.
   */
  output(): Buffer;
  /** Writes the first `length` bytes of the region. @returns false: taken, but the peer is slow: wait for onDrain before sending more. */
  writeOutput(length: number): boolean;
  /** Whether a write still waits for the peer. */
  readonly pending: boolean;

  /**
   * Asks that reads go into this buffer, which the caller owns, from the next read on; null returns to the shared one.
   * Only from within onData of this connection: anywhere else a read into the former buffer may still come.
   * It is a wish: `bytes` of onData may be another buffer (held while paused, or a transport that cannot), so compare.
   */
  readInto(buffer: Buffer | null): void;
  /**
   * No onData until `resume`. A reset is still seen while the connection holds less than PauseHold bytes, unless it reads into a buffer of its own.
   */
  pause(): void;
  resume(): void;
  /** FIN, after what was written. */
  end(): void;
  /** Closes at once. `reset` sends RST where the platform can: the peer must not take what it got for a clean end. */
  destroy(reset?: boolean): void;
}

export interface ConnectionTls {
  /** SNI in lower case without trailing dot; `''` if none. */
  readonly servername: string;
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** IANA's name, `TLS_AES_128_GCM_SHA256`. Asks the socket. */
  readonly cipher: string;
  readonly alpn: string;
  /** The client's certificate if the handshake verified it. Asks the socket: once per connection is enough. */
  readonly clientCertificate: ClientCertificate | null;
}

export const OutputBytes = 131_072;
export const KeepAliveMs = 60_000;
/** What an accepted connection reads on while paused, so that the client's reset is seen. */
export const PauseHold = 65_536;

export interface ConnectOptions {
  /** IP address or absolute unix socket path; names are resolved before, by the egress guard. */
  readonly host: string;
  readonly port: number;
  readonly timeout: number;
}

/** Makes connections. TLS termination is the listener's, which hands its sockets to `adopt`. */
export interface Transport {
  readonly name: 'socket' | 'handle';
  /** Calls `onConnect` once, later; on failure `connection` is null and `error` a code such as ECONNREFUSED or ETIMEDOUT. */
  connect(options: ConnectOptions, onConnect: (connection: Connection | null, error: string | null) => void): void;
  /** Starts to accept plaintext connections. Rejects with the system's error if the address cannot be bound. */
  listen(options: ListenOptions, onConnection: (connection: Connection) => void): Promise<TransportServer>;
  /** Wraps an open socket (a TLSSocket after its handshake, an upgraded one). From then on nobody else may use it. */
  adopt(socket: Socket): Connection;
}

export interface ListenOptions {
  /** `*` for all addresses, IPv4 and IPv6. */
  readonly address: string;
  /** 0 picks one, for tests. */
  readonly port: number;
  readonly reusePort: boolean;
  readonly backlog: number;
}

export interface TransportServer {
  readonly port: number;
  close(): Promise<void>;
}
