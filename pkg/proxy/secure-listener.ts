/** TLS termination of one socket on the documented API. The ClientHello is read first; then a handshake runs in the context of its listener. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { isVerified } from './client-certificate.ts';
import { MaxClientHello, readClientHello, serverName } from './client-hello.ts';
import { type Announced, type ProxyExpectation, readProxyHeader } from './proxy-protocol.ts';
import type { HandshakeTerms } from './secure-context.ts';
import { TimerEntry, type Timers } from './timers.ts';
import { type Connection, KeepAliveMs, type ListenOptions, type Transport, type TransportServer } from './transport.ts';

export interface SecureListenOptions extends ListenOptions {
  readonly transport: Transport;
  readonly timers: Timers;
  /**
   * The terms of the listener that takes this name, or null to refuse the handshake.
   * @param servername lower case without trailing dot; `''` without SNI
   */
  termsFor(servername: string): HandshakeTerms | null;
  /** Whether the ClientHello may or must stand behind a PROXY header. */
  proxyProtocol(peer: string): ProxyExpectation;
  /** Milliseconds from accept to the end of the handshake. */
  handshakeTimeout(): number;
  /** Whether one more connection may be taken. */
  admits(): boolean;
  /** @param why what was wrong: the TLS handshake, or the PROXY header before it */
  onHandshakeFailed(why: 'handshake' | 'proxy-protocol'): void;
  /** Sockets that have not finished their handshake. */
  readonly handshakes: Set<{ close(): void }>;
}

// RFC 8446 6: a fatal alert, in the record layer of TLS 1.0 as every first answer may be: unrecognized_name(112).
const unrecognizedName = Buffer.from([21, 3, 1, 0, 2, 2, 112]);

export async function listenSecure(
  options: SecureListenOptions,
  onConnection: (connection: Connection, announced: Announced | null) => void,
): Promise<TransportServer> {
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: KeepAliveMs, allowHalfOpen: true },
    (socket) => {
      if (options.admits()) new Handshake(socket, options, onConnection).begin();
      else socket.destroy();
    },
  );
  const { address, port, reusePort, backlog } = options;
  server.listen({ port, backlog, reusePort, ...(address === '*' ? {} : { host: address }) });
  await once(server, 'listening');
  // An accept that failed costs that connection; the socket goes on.
  server.on('error', () => options.onHandshakeFailed('handshake'));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** From the accept to the end of the handshake. */
export class Handshake extends TimerEntry {
  readonly #socket: Socket;
  readonly #options: SecureListenOptions;
  readonly #onConnection: (connection: Connection, announced: Announced | null) => void;
  #peeked: Buffer = Buffer.alloc(0);
  /** What the first bytes are to be; `Ignored` once the PROXY header is read. */
  #expected: ProxyExpectation = 'Ignored';
  #announced: Announced | null = null;
  #secure: TLSSocket | null = null;

  constructor(
    socket: Socket,
    options: SecureListenOptions,
    onConnection: (connection: Connection, announced: Announced | null) => void,
  ) {
    super();
    this.#socket = socket;
    this.#options = options;
    this.#onConnection = onConnection;
  }

  begin(): void {
    const socket = this.#socket;
    const options = this.#options;
    options.handshakes.add(this);
    options.timers.schedule(this, options.handshakeTimeout());
    socket.on('error', this.#fail);
    socket.on('end', this.#fail);
    socket.on('close', this.#fail);
    socket.on('readable', this.#peek);
    this.#expected = options.proxyProtocol(socket.remoteAddress ?? '');
    if (this.#expected === 'Refused') this.#fail();
  }

  override onTimeout(): void {
    this.#fail();
  }

  close(): void {
    this.#end();
    this.#secure?.destroy();
    this.#socket.destroy();
  }

  readonly #fail = (): void => {
    if (!this.#options.handshakes.has(this)) return;
    this.#options.onHandshakeFailed(this.#expected === 'Ignored' ? 'handshake' : 'proxy-protocol');
    this.close();
  };

  /** The first bytes decide. Other protocols on the port will be told apart here. */
  readonly #peek = (): void => {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) return;
    this.#peeked = this.#peeked.length === 0 ? chunk : Buffer.concat([this.#peeked, chunk]);
    if (this.#expected !== 'Ignored' && !this.#readProxyHeader()) return;
    const hello = readClientHello(this.#peeked);
    if (hello.kind === 'incomplete' && this.#peeked.length < MaxClientHello) return;
    const socket = this.#socket;
    socket.removeListener('readable', this.#peek);
    if (hello.kind !== 'hello') {
      this.#fail();
      return;
    }
    const name = hello.servername === null ? '' : serverName(hello.servername);
    const terms = name === null ? null : this.#options.termsFor(name);
    if (terms === null) {
      socket.write(unrecognizedName);
      socket.destroySoon();
      this.#fail();
      return;
    }
    socket.unshift(this.#peeked);
    this.#peeked = Buffer.alloc(0);
    this.#shake(terms, name ?? '');
  };

  /** @returns whether the ClientHello comes next */
  #readProxyHeader(): boolean {
    const header = readProxyHeader(this.#peeked, 0, this.#peeked.length);
    if (header.kind === 'incomplete') return false;
    if (header.kind === 'invalid' || (header.kind === 'absent' && this.#expected === 'Required')) {
      this.#fail();
      return false;
    }
    this.#expected = 'Ignored';
    if (header.kind === 'header') {
      this.#announced = header.source;
      this.#peeked = this.#peeked.subarray(header.length);
    }
    return true;
  }

  #shake({ context, client }: HandshakeTerms, name: string): void {
    const secure = new TLSSocket(this.#socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      requestCert: client !== 'None',
      // OpenSSL itself refuses who sends no certificate; who sends a wrong one is found by `isVerified`.
      rejectUnauthorized: client === 'Demand',
    });
    this.#secure = secure;
    secure.on('error', this.#fail);
    secure.on('close', this.#fail);
    secure.once('secure', () => {
      if (client === 'Demand' && !isVerified(secure)) {
        this.#fail();
        return;
      }
      this.#end();
      secure.removeListener('close', this.#fail);
      // OpenSSL forgets the name when a session of TLS 1.2 is resumed; what the client has sent chose the context, and chooses the listener.
      secure.servername = name;
      const connection = this.#options.transport.adopt(secure);
      this.#onConnection(connection, this.#announced);
    });
  }

  #end(): void {
    this.#options.handshakes.delete(this);
    this.#options.timers.cancel(this);
  }
}
