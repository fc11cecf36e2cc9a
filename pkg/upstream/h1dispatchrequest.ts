/** undici's dispatch options as an UpstreamRequest: checked, since what is written here becomes bytes on a wire. Used by `h1dispatch.ts`. */
import { Buffer } from 'node:buffer';
import type { Dispatcher } from 'undici';
import { isTextByte, isTokenByte } from '../http1/head.ts';
import { BodyChunked, type UpstreamRequest } from './upstream.ts';

type Options = Dispatcher.DispatchOptions;

export class DispatchRequest implements UpstreamRequest {
  readonly forwardMethod: string;
  readonly target: string;
  readonly upgrade = null;
  authority = '';
  bodyLength = 0;
  /** The body, if it is there already. */
  bytes: Buffer | null = null;
  /** The body, if it is still to come. */
  stream: AsyncIterable<Uint8Array | string> | null = null;
  readonly #options: Options;
  readonly #fields: string[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.forwardMethod = options.method;
    this.target = options.path;
  }

  /** @returns what is wrong, or null */
  prepare(endpoint: string): string | null {
    const { method, path, body, upgrade } = this.#options;
    if (upgrade) return 'This dispatcher makes no tunnels; use an undici Client for an upgrade.';
    if (!isToken(method)) return 'The method is no token.';
    if (!/^[\x21-\x7e]+$/.test(path)) return 'The path may hold printable ASCII only; percent-encode it.';
    this.authority = endpoint;
    let length = -1;
    for (const [name, value] of pairs(this.#options.headers)) {
      if (!isToken(name)) return `The header name ${JSON.stringify(name)} is no token.`;
      if (!isText(value)) return `The header ${name} holds a control character.`;
      switch (name.toLowerCase()) {
        case 'host':
          this.authority = value;
          break;
        case 'content-length':
          if (!/^\d{1,15}$/.test(value)) return 'The content-length is no number.';
          length = Number(value);
          break;
        case 'transfer-encoding':
        case 'connection':
        case 'keep-alive':
        case 'upgrade':
          return `The header ${name} is this dispatcher's own; leave it out.`;
        default:
          this.#fields.push(name, value);
      }
    }
    if (body === null || body === undefined) {
      if (length > 0) return `There is no body, but a content-length of ${length}.`;
    } else if (typeof body === 'string' || body instanceof Uint8Array) {
      this.bytes = Buffer.from(body as string);
      this.bodyLength = this.bytes.length;
      if (length >= 0 && length !== this.bodyLength)
        return `The body has ${this.bodyLength} bytes, the content-length says ${length}.`;
    } else if (typeof body === 'object' && Symbol.asyncIterator in body) {
      this.stream = body as AsyncIterable<Uint8Array | string>;
      this.bodyLength = length >= 0 ? length : BodyChunked;
    } else return 'The body must be a string, bytes, or a stream.';
    return null;
  }

  encode(out: Buffer, at: number): number {
    let head = `${this.forwardMethod} ${this.target} HTTP/1.1\r\nHost: ${this.authority}\r\n`;
    for (let i = 0; i < this.#fields.length; i += 2) head += `${this.#fields[i]}: ${this.#fields[i + 1]}\r\n`;
    if (this.bodyLength === BodyChunked) head += 'Transfer-Encoding: chunked\r\n';
    else if (this.bodyLength > 0 || this.bytes !== null) head += `Content-Length: ${this.bodyLength}\r\n`;
    head += '\r\n';
    return at + head.length > out.length ? -1 : at + out.write(head, at, 'latin1');
  }

  rawHeaders(): string[] {
    return [...this.#fields];
  }
}

function* pairs(headers: Options['headers']): Iterable<[string, string]> {
  if (headers === null || headers === undefined) return;
  if (Array.isArray(headers)) {
    for (let i = 0; i + 1 < headers.length; i += 2) yield [String(headers[i]), String(headers[i + 1])];
    return;
  }
  const entries = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of entries as Iterable<[string, string | string[] | undefined]>) {
    if (Array.isArray(value)) for (const each of value) yield [name, each];
    else if (value !== undefined) yield [name, value];
  }
}

function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255 || !isTokenByte(text.charCodeAt(i))) return false;
  return text !== '';
}

function isText(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255 || !isTextByte(text.charCodeAt(i))) return false;
  return true;
}
