/** What is known of one downstream connection's other side; made once per connection, read by every request on it. */
import { Buffer } from 'node:buffer';
import { isIPv6 } from 'node:net';
import type { ClientCertificate, ConnectionView, TlsView } from '../policy/runtime.ts';
import type { ClientTerms, SocketClients } from './client-terms.ts';
import type { Core } from './core.ts';
import { plainAddress } from './forwarded.ts';
import type { Announced } from './proxy-protocol.ts';
import type { Connection } from './transport.ts';

export class Peer implements ConnectionView {
  readonly address: string;
  /** Trusted proxies between it and us: one if a PROXY header told its address. */
  readonly hop: 0 | 1;
  readonly secure: boolean;
  /** SNI; null on plaintext. */
  readonly servername: string | null;
  /** Until a Host is read. */
  terms: ClientTerms;
  #clients: SocketClients;
  #table: Core['table'] | null = null;
  readonly #connection: Connection;
  /** undefined until somebody asked. */
  #certificate: ClientCertificate | null | undefined;
  #prefix: Buffer | null = null;
  #prefixPort = -1;

  /** @param announced by a PROXY header; null without one */
  constructor(connection: Connection, clients: SocketClients, announced: Announced | null) {
    this.address = announced === null ? plainAddress(connection.remoteAddress) : announced.address;
    this.hop = announced === null ? 0 : 1;
    this.secure = connection.tls !== null;
    this.servername = connection.tls === null ? null : connection.tls.servername;
    this.#connection = connection;
    this.#clients = clients;
    this.terms = clients.ofConnection(this.servername);
  }

  /** Takes the terms of the table that is served now: a connection may be older. */
  follow(core: Core, socketId: string): void {
    if (core.table === this.#table) return;
    this.#table = core.table;
    this.#clients = core.clientsOf(socketId);
    this.terms = this.#clients.ofConnection(this.servername);
  }

  /** Of a request for this host. */
  termsFor(host: string): ClientTerms {
    const { ofHost } = this.#clients;
    // On TLS the server name has said it: a Host that leads to another listener is misdirected.
    return ofHost === null || this.servername !== null ? this.terms : ofHost(host);
  }

  get tls(): TlsView | null {
    return this.#connection.tls;
  }

  get clientCertificate(): ClientCertificate | null {
    if (this.#certificate === undefined) this.#certificate = this.#connection.tls?.clientCertificate ?? null;
    return this.#certificate;
  }

  /** Address and port the client has dialled, as an authority. Asks the system: few requests need it. */
  get localAuthority(): string {
    const { localAddress, localPort } = this.#connection;
    const local = plainAddress(localAddress);
    return `${isIPv6(local) ? `[${local}]` : local}:${localPort}`;
  }

  /** The four fields that are the same for every request of an untrusted peer, encoded once. @param port of the listener */
  identityFields(port: number): Buffer {
    if (this.#prefix !== null && this.#prefixPort === port) return this.#prefix;
    this.#prefixPort = port;
    this.#prefix = Buffer.from(
      `X-Forwarded-For: ${this.address}\r\nX-Real-IP: ${this.address}\r\n` +
        `X-Forwarded-Proto: ${this.secure ? 'https' : 'http'}\r\nX-Forwarded-Port: ${port}\r\n`,
      'latin1',
    );
    return this.#prefix;
  }
}
