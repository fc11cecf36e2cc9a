/**
 * The transport on the documented net and tls API: the fallback where handles cannot be driven directly, and always the one of TLS.
 * Accepted sockets read by 'data' (Node has no documented shared buffer for them), connected ones by `onread`.
 */
import { Buffer } from 'node:buffer';
import { createServer, connect as netConnect, type Server, type Socket, type SocketConstructorOpts } from 'node:net';
import { TLSSocket } from 'node:tls';
import { readClientCertificate } from './client-certificate.ts';
import { TimerEntry, type Timers } from './timers.ts';
import {
  type Connection,
  type ConnectionHandler,
  type ConnectionTls,
  type ConnectOptions,
  KeepAliveMs,
  type ListenOptions,
  type Transport,
  type TransportServer,
} from './transport.ts';
import { OutputRegions, type Region } from './transport-regions.ts';

const InputBytes = 65_536;
/** Encrypted bytes that may wait before a writer is told to stop. */
const TlsBacklog = 65_536;

export function createSocketTransport(timers: Timers): Transport {
  const regions = new OutputRegions();
  const input = Buffer.allocUnsafeSlow(InputBytes);
  return {
    name: 'socket',
    adopt: (socket) => new SocketConnection(socket, regions, timers, 'data'),
    connect: (options, onConnect) => connect(options, timers, regions, input, onConnect),
    listen: (options, onConnection) =>
      listen(options, (socket) => onConnection(new SocketConnection(socket, regions, timers, 'data'))),
  };
}

/** `::ffff:10.0.0.7`, as a dual-stack socket calls an IPv4 peer, is `10.0.0.7` everywhere behind the transport. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

class SocketConnection implements Connection {
  handler: ConnectionHandler = unowned;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly tls: ConnectionTls | null;
  readonly #socket: Socket;
  readonly #regions: OutputRegions;
  readonly #timers: Timers;
  #error: string | null = null;
  #waiting = false;
  #destroyed = false;

  constructor(socket: Socket, regions: OutputRegions, timers: Timers, reads: 'data' | 'onread') {
    this.#socket = socket;
    this.#regions = regions;
    this.#timers = timers;
    this.remoteAddress = plainAddress(socket.remoteAddress ?? '');
    this.remotePort = socket.remotePort ?? 0;
    this.tls = socket instanceof TLSSocket ? describe(socket) : null;
    // Half-open: a FIN is reported, and the owner decides what it means.
    socket.allowHalfOpen = true;
    socket.setTimeout(0);
    if (reads === 'data') socket.on('data', (chunk: Buffer) => this.give(chunk, chunk.length));
    socket.on('end', () => {
      if (!this.#destroyed) this.handler.onEnd();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? 'EPROTO';
    });
    socket.on('close', () => {
      this.#destroyed = true;
      this.handler.onClose(this.#error);
    });
  }

  get localAddress(): string {
    return plainAddress(this.#socket.localAddress ?? '');
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  get pending(): boolean {
    return this.#waiting;
  }

  write(bytes: Buffer, start: number, end: number): boolean {
    if (!this.#writable() || end <= start) return true;
    const view = bytes.subarray(start, end);
    // TLS copies what it is given while no other write is in flight (tls_wrap.cc, DoWrite), so its memory never waits for the peer.
    if (this.tls !== null) return this.#encrypt(this.#socket.writableLength > 0 ? Buffer.from(view) : view);
    return this.#send(view);
  }

  output(): Buffer {
    return this.#regions.current.buffer;
  }

  writeOutput(length: number): boolean {
    if (!this.#writable() || length === 0) return true;
    const regions = this.#regions;
    const view = regions.current.view(length);
    if (this.tls !== null) return this.#encrypt(this.#socket.writableLength > 0 ? Buffer.from(view) : view);
    // Behind a write that waits only a copy can be queued: a region for each would be 128 KiB a message.
    if (this.#socket.writableLength > 0) return this.#send(Buffer.from(view));
    let held: Region | null = null;
    this.#socket.write(view, () => {
      if (held !== null && !this.#destroyed) regions.giveBack(held);
      this.#written();
    });
    if (this.#socket.writableLength === 0) return true;
    held = regions.replace();
    this.#waiting = true;
    return false;
  }

  /** Documented sockets cannot change the buffer of a read: their chunks are memory of their own anyway. */
  readInto(): void {}

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#destroyed) this.#socket.resume();
  }

  end(): void {
    if (this.#writable()) this.#socket.end();
  }

  destroy(reset = false): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    if (reset && this.tls === null && this.#socket.remoteAddress !== undefined) this.#socket.resetAndDestroy();
    // Records already taken are still to be sent, unless the peer is not reading them.
    else if (!reset && this.tls !== null && !this.#waiting) this.#socket.destroySoon();
    else this.#socket.destroy();
  }

  /** Bytes that were read. */
  give(bytes: Buffer, length: number): void {
    this.#timers.beginTurn();
    try {
      this.handler.onData(bytes, 0, length);
    } finally {
      this.#timers.endTurn();
    }
  }

  #writable(): boolean {
    return !this.#destroyed && this.#socket.writable;
  }

  #send(view: Buffer): boolean {
    this.#socket.write(view, this.#written);
    // A write that the system took at once leaves nothing queued.
    if (this.#socket.writableLength === 0) return true;
    this.#waiting = true;
    return false;
  }

  #encrypt(view: Buffer): boolean {
    const socket = this.#socket;
    // Only a write that may have to wait is asked to report: a callback costs a turn of the tick queue.
    if (!this.#waiting && socket.writableLength + view.length < TlsBacklog) {
      socket.write(view);
      return true;
    }
    socket.write(view, this.#written);
    this.#waiting ||= socket.writableLength >= TlsBacklog;
    return !this.#waiting;
  }

  readonly #written = (): void => {
    if (!this.#waiting || this.#socket.writableLength > 0 || this.#destroyed) return;
    this.#waiting = false;
    this.handler.onDrain();
  };
}

/** The handler before the owner has assigned its own. */
export const unowned: ConnectionHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

function describe(socket: TLSSocket): ConnectionTls {
  const name = socket.servername;
  return {
    servername: typeof name === 'string' ? name.toLowerCase().replace(/\.$/, '') : '',
    protocol: socket.getProtocol() ?? '',
    get cipher() {
      return socket.getCipher().standardName;
    },
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : '',
    get clientCertificate() {
      return readClientCertificate(socket);
    },
  };
}

export class ConnectTimeout extends TimerEntry {
  readonly #expire: () => void;

  constructor(expire: () => void) {
    super();
    this.#expire = expire;
  }

  override onTimeout(): void {
    this.#expire();
  }
}

function connect(
  options: ConnectOptions,
  timers: Timers,
  regions: OutputRegions,
  input: Buffer,
  onConnect: (connection: Connection | null, error: string | null) => void,
): void {
  let connection: SocketConnection | null = null;
  const onread: SocketConstructorOpts['onread'] = {
    buffer: input,
    callback: (length) => {
      connection?.give(input, length);
      return true;
    },
  };
  const unix = options.host.startsWith('/');
  const socket = netConnect(
    unix
      ? { path: options.host, onread, allowHalfOpen: true }
      : {
          host: options.host,
          port: options.port,
          onread,
          allowHalfOpen: true,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: KeepAliveMs,
        },
  );
  const timeout = new ConnectTimeout(() => fail('ETIMEDOUT'));
  const onError = (error: NodeJS.ErrnoException): void => fail(error.code ?? 'ECONNREFUSED');
  const fail = (code: string): void => {
    timers.cancel(timeout);
    socket.off('error', onError).on('error', () => {});
    socket.destroy();
    onConnect(null, code);
  };
  socket.once('error', onError);
  socket.once('connect', () => {
    timers.cancel(timeout);
    socket.off('error', onError);
    connection = new SocketConnection(socket, regions, timers, 'onread');
    onConnect(connection, null);
  });
  timers.schedule(timeout, options.timeout);
}

function listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<TransportServer> {
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KeepAliveMs },
    onSocket,
  );
  const { port, backlog, reusePort } = options;
  const bind = (host: string): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, backlog, reusePort, ipv6Only: false }, () => {
        server.off('error', reject);
        // An accept that fails (no descriptor left) is no reason to end the process.
        server.on('error', () => {});
        resolve();
      });
    });
  const bound = options.address === '*' ? bind('::').catch(ipv4Instead(bind)) : bind(options.address);
  return bound.then(() => serverOf(server));
}

/** Where the machine has no IPv6 (`disable_ipv6`, minimal kernels). */
const ipv4Instead =
  (bind: (host: string) => Promise<void>) =>
  (error: NodeJS.ErrnoException): Promise<void> => {
    if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL' && error.code !== 'EINVAL') throw error;
    return bind('0.0.0.0');
  };

function serverOf(server: Server): TransportServer {
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    // net.Server waits for its connections before it calls back; the listening socket itself is closed at once.
    close: () =>
      new Promise((resolve) => {
        server.close();
        setImmediate(resolve);
      }),
  };
}
