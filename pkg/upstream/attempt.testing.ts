/** A request and a receiver for the tests of this room: what the proxy's exchange is in the product. */
import { Buffer } from 'node:buffer';
import type { Head } from '../http1/head.ts';
import type { ErrorCode } from '../proxy/errors.ts';
import type { Connection } from '../proxy/transport.ts';
import { BodyChunked, type ResponseHandler, type UpstreamRequest, type UpstreamStream } from './upstream.ts';

export class TestRequest implements UpstreamRequest {
  readonly forwardMethod: string;
  readonly target: string;
  readonly authority = 'shop.example.com';
  readonly bodyLength: number;
  readonly upgrade: string | null;
  readonly fields: readonly string[];

  constructor(line: string, fields: readonly string[] = [], bodyLength = 0, upgrade: string | null = null) {
    [this.forwardMethod = '', this.target = ''] = line.split(' ');
    this.fields = fields;
    this.bodyLength = bodyLength;
    this.upgrade = upgrade;
  }

  encode(out: Buffer, at: number): number {
    const lines = [`${this.forwardMethod} ${this.target} HTTP/1.1`, `Host: ${this.authority}`];
    for (let i = 0; i < this.fields.length; i += 2) lines.push(`${this.fields[i]}: ${this.fields[i + 1]}`);
    if (this.upgrade !== null) lines.push('Connection: upgrade', `Upgrade: ${this.upgrade}`);
    if (this.bodyLength === BodyChunked) lines.push('Transfer-Encoding: chunked');
    else if (this.bodyLength > 0) lines.push(`Content-Length: ${this.bodyLength}`);
    const head = `${lines.join('\r\n')}\r\n\r\n`;
    return at + head.length > out.length ? -1 : at + out.write(head, at, 'latin1');
  }

  rawHeaders(): string[] {
    return [...this.fields];
  }
}

/** Writes down what it is told. */
export class Receiver implements ResponseHandler {
  /** `1xx 103`, `head 200 5`, `end`, `end x: 1`, `upgrade 101`, `drain`, `failure upstream-reset untouched`. */
  readonly events: string[] = [];
  status = 0;
  fields: string[] = [];
  body = '';
  bytes = 0;
  flushes = 0;
  connection: Connection | null = null;
  upgraded: ((connection: Connection, early: Buffer | null) => void) | undefined;
  untouched = false;
  data: ((bytes: Buffer, start: number, end: number, owned: boolean) => void) | undefined;
  stream: UpstreamStream | null = null;
  #wake: (() => void)[] = [];

  onInformational(status: number, bytes: Buffer, head: Head): void {
    this.#readHead(bytes, head);
    this.#tell(`1xx ${status}`);
  }

  onHead(status: number, bytes: Buffer, head: Head, length: number): void {
    this.status = status;
    this.#readHead(bytes, head);
    this.#tell(`head ${status} ${length}`);
  }

  onData(bytes: Buffer, start: number, end: number, owned: boolean): void {
    this.bytes += end - start;
    if (this.data !== undefined) this.data(bytes, start, end, owned);
    else this.body += bytes.toString('latin1', start, end);
    this.#tell(null);
  }

  onEnd(trailers: Buffer | null): void {
    this.#tell(trailers === null ? 'end' : `end ${trailers.toString('latin1').replaceAll('\r\n', ';')}`);
  }

  onFlush(): void {
    this.flushes++;
  }

  onUpgrade(status: number, bytes: Buffer, head: Head, connection: Connection, early: Buffer | null): void {
    this.#readHead(bytes, head);
    this.connection = connection;
    this.upgraded?.(connection, early);
    this.#tell(`upgrade ${status}`);
  }

  onRequestDrain(): void {
    this.#tell('drain');
  }

  onFailure(code: ErrorCode, untouched: boolean): void {
    this.untouched = untouched;
    this.#tell(`failure ${code}${untouched ? ' untouched' : ''}`);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => void this.#wake.push(resolve));
  }

  /** The end of the attempt, in whatever way. @returns the last event */
  async over(): Promise<string> {
    const ends = (event: string): boolean => /^(?:end|upgrade|failure)/.test(event);
    await this.until(() => this.events.some(ends));
    return this.events.find(ends)!;
  }

  #readHead(bytes: Buffer, head: Head): void {
    const text = (at: number): string => bytes.toString('latin1', head.fields[at], head.fields[at + 1]);
    this.fields = Array.from({ length: head.count }, (_, i) => `${text(4 * i)}: ${text(4 * i + 2)}`);
  }

  #tell(event: string | null): void {
    if (event !== null) this.events.push(event);
    for (const wake of this.#wake.splice(0)) wake();
  }
}
