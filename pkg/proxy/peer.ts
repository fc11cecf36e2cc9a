/** What is known of one downstream connection's other side; made once per connection, read by every request on it. */
import { Buffer } from 'node:buffer';
import { isIPv6 } from 'node:net';
import type { ClientCertificate, ConnectionView } from '../policy/runtime.ts';
import { plainAddress, type Trust } from './forwarded.ts';
import type { Connection } from './transport.ts';

export class Peer implements ConnectionView {
  readonly address: string;
  readonly secure: boolean;
  /** SNI; null on plaintext. */
  readonly servername: string | null;
  trust: Trust;
  readonly #connection: Connection;
  /** undefined until somebody asked. */
  #certificate: ClientCertificate | null | undefined;
  #prefix: Buffer | null = null;
  #prefixPort = -1;

  constructor(connection: Connection, trust: Trust) {
    this.address = plainAddress(connection.remoteAddress);
    this.secure = connection.tls !== null;
    this.servername = connection.tls === null ? null : connection.tls.servername;
    this.trust = trust;
    this.#connection = connection;
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
