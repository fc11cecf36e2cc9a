/** One client connection of the load: a request at a time, the answer read with as little work as is safe. Used by `traffic.ts`. */
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';

/** What came of one request. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Value of X-Id; -1 without: the gateway answered itself. */
      readonly id: number;
      /** Value of X-Origin, `''` without. */
      readonly origin: string;
      readonly body: Buffer;
    }
  /** No whole answer: `connect` no connection was made, `cut` it ended, `invalid` what came is no HTTP/1.1, `patience` nothing came in time. */
  | { readonly kind: 'none'; readonly why: 'connect' | 'cut' | 'invalid' | 'patience'; readonly received: number };

export class ClientConnection {
  readonly #socket: Socket;
  #connected = false;
  #open = true;
  #pieces: Buffer[] = [];
  #received = 0;
  /** Bytes of the whole answer; -1: the head is not there yet, -2: chunked. */
  #expected = -1;
  #settle: ((reply: Reply) => void) | null = null;

  constructor(port: number) {
    // RFC 9112 9.6: a server that closes has told so before or is at fault; half-open ends serve no client.
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('connect', () => (this.#connected = true));
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#socket.on('error', () => undefined);
    this.#socket.on('end', () => (this.#open = false));
    this.#socket.on('close', () => {
      this.#open = false;
      this.#none(this.#connected ? 'cut' : 'connect');
    });
  }

  /** Whether another request may be sent on it: a client that honours `Connection: close` asks. */
  get usable(): boolean {
    return this.#open;
  }

  /** Never rejects. One at a time. */
  ask(bytes: Buffer): Promise<Reply> {
    return new Promise((resolve) => {
      this.#pieces = [];
      this.#received = 0;
      this.#expected = -1;
      this.#settle = resolve;
      this.#socket.write(bytes);
    });
  }

  giveUp(): void {
    this.#none('patience');
    this.close();
  }

  close(): void {
    this.#open = false;
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#settle === null) {
      this.close();
      return;
    }
    this.#pieces.push(bytes);
    this.#received += bytes.length;
    if (this.#expected === -1) this.#readHead();
    if (this.#expected >= 0 ? this.#received >= this.#expected : this.#expected === -2 && this.#ends()) this.#answer();
  }

  #readHead(): void {
    const all = this.#all();
    const end = all.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = all.toString('latin1', 0, end + 2);
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head);
    if (length !== null) this.#expected = end + 4 + Number(length[1]);
    else if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) this.#expected = -2;
    else this.#invalid();
  }

  /** Bodies of the load hold no CR, so the last chunk cannot be within one. */
  #ends(): boolean {
    const last = this.#pieces.at(-1)!;
    return (last.length >= 5 ? last : this.#all()).subarray(-5).toString('latin1') === '0\r\n\r\n';
  }

  #answer(): void {
    const all = this.#all();
    const start = all.indexOf('\r\n\r\n') + 4;
    const head = all.toString('latin1', 0, start - 2);
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
    const body = this.#expected === -2 ? unchunked(all, start) : all.subarray(start);
    if (status === undefined || body === null || (this.#expected >= 0 && all.length > this.#expected)) {
      this.#invalid();
      return;
    }
    if (/\r\nconnection:[^\r]*\bclose\b/i.test(head)) this.close();
    this.#done({
      kind: 'answer',
      status: Number(status),
      id: Number(/\r\nx-id: (\d+)\r\n/i.exec(head)?.[1] ?? -1),
      origin: /\r\nx-origin: ([^\r]*)\r\n/i.exec(head)?.[1] ?? '',
      body,
    });
  }

  #invalid(): void {
    this.#none('invalid');
    this.close();
  }

  #none(why: 'connect' | 'cut' | 'invalid' | 'patience'): void {
    this.#done({ kind: 'none', why, received: this.#received });
  }

  #done(reply: Reply): void {
    const settle = this.#settle;
    this.#settle = null;
    settle?.(reply);
  }

  #all(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] ?? Buffer.alloc(0);
  }
}

/** @returns null if the framing is wrong */
function unchunked(all: Buffer, start: number): Buffer | null {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const end = all.indexOf('\r\n', at, 'latin1');
    const line = end < 0 ? '' : all.toString('latin1', at, end);
    if (!/^[0-9a-f]+$/i.test(line)) return null;
    const size = Number.parseInt(line, 16);
    at = end + 2;
    if (size === 0) return at + 2 === all.length ? Buffer.concat(parts) : null;
    if (all.toString('latin1', at + size, at + size + 2) !== '\r\n') return null;
    parts.push(all.subarray(at, at + size));
    at += size + 2;
  }
}
