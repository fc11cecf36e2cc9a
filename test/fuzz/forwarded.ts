/** What the gateway would send upstream for the requests it accepts, held against the rules of the upstream socket. Used by `requests-part.ts`. */
import { Buffer } from 'node:buffer';
import type { Request } from '../../pkg/proxy/request.ts';
import { BodyChunked } from '../../pkg/upstream/upstream.ts';
import { Llhttp } from './llhttp.ts';
import type { Frame, Reading } from './reading.ts';

const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)$/;
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (?:\/[!-~]*|\*) HTTP\/1\.1$/;
/** Never forwarded, and for Connection and TE: what we say ourselves. */
const own: ReadonlyMap<string, RegExp> = new Map([
  ['keep-alive', /^\b$/],
  ['proxy-connection', /^\b$/],
  ['http2-settings', /^\b$/],
  ['connection', /^(?:Upgrade|TE)$/],
  ['te', /^trailers$/],
  ['transfer-encoding', /^chunked$/],
  ['content-length', /^(?:0|[1-9][0-9]*)$/],
]);

/** Written by the gateway alone, or for this hop: nothing that a client says there passes. */
const notTheirs =
  /^(?:host|connection|keep-alive|proxy-connection|te|upgrade|http2-settings|transfer-encoding|content-length|expect|proxy-authorization|proxy|forwarded|x-forwarded.*|x-envoy.*|x-real-ip|x-request-id|x-original-url|x-rewrite-url)$/;

interface Sent {
  readonly head: string;
  readonly chunked: boolean;
  readonly authority: string;
}

export class Forwarded {
  readonly #out = Buffer.alloc(131_072);
  readonly #llhttp = new Llhttp();
  #sent: Sent[] = [];

  /** Given to the codec: keeps what is sent for each request. */
  readonly keep = (request: Request, index: number): void => {
    if (index === 0) this.#sent = [];
    const end = request.encode(this.#out, 0);
    const head = end < 0 ? '' : this.#out.toString('latin1', 0, end);
    this.#sent.push({ head, chunked: request.bodyLength === BodyChunked, authority: request.authority });
  };

  /** @returns what is wrong with the bytes sent for the last stream, whose reading this is; null if nothing is */
  check({ frames }: Reading): string | null {
    for (const [i, frame] of frames.entries()) {
      const sent = this.#sent[i];
      if (sent === undefined) return `message ${i + 1} was never sent`;
      const wrong = checkHead(sent, frame) ?? this.#reread(sent, frame);
      if (wrong !== null) return `${wrong}: ${JSON.stringify(sent.head)}`;
    }
    return null;
  }

  #reread({ head, chunked }: Sent, frame: Frame): string | null {
    const body = frame.body ?? '';
    const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
    const bytes = Buffer.from(head + (chunked ? `${chunk}${frame.complete ? '0\r\n\r\n' : ''}` : body), 'latin1');
    const read = this.#llhttp.readRequests(bytes);
    const wanted = frame.complete ? 'end' : 'more';
    const method = frame.start.slice(0, frame.start.indexOf(' '));
    const [only] = read.frames;
    // It knows few methods, and it says so.
    if (
      read.stop === 'HPE_INVALID_METHOD' ||
      read.stop === 'HPE_INVALID_CONSTANT' ||
      read.stop === 'HPE_INVALID_VERSION'
    )
      return null;
    if (only === undefined || read.frames.length !== 1 || read.stop !== wanted)
      return `sent, it is ${read.frames.length} messages and ${read.stop}`;
    if (!only.start.startsWith(`${method} `)) return 'sent, it has another method';
    return only.body === body ? null : 'sent, it has another body';
  }
}

function checkHead({ head, authority }: Sent, frame: Frame): string | null {
  const lines = head.split('\r\n');
  if (lines.pop() !== '' || lines.pop() !== '') return 'its head has no end';
  const method = requestLine.exec(lines[0] ?? '')?.[1];
  if (method === undefined || !frame.start.startsWith(`${method} `)) return 'its request line is wrong';
  const hosts: string[] = [];
  let framing = 0;
  for (const line of lines.slice(1)) {
    const [, name = '', value = ''] = fieldLine.exec(line) ?? [];
    const lower = name.toLowerCase();
    if (lower === '') return `it has the line ${JSON.stringify(line)}`;
    if (lower === 'host') hosts.push(value);
    if (lower === 'content-length' || lower === 'transfer-encoding') framing++;
    if (own.get(lower)?.test(value) === false) return `it has ${name}: ${value}`;
    if (lower.includes('_')) return `it has the name ${name}`;
  }
  if (framing > 1) return 'it is framed twice';
  const [wanted, theirs] = [endToEnd(frame.fields ?? ''), passedOn(lines.slice(1))];
  if (wanted !== theirs) return `of the client's fields ${JSON.stringify(wanted)} it has ${JSON.stringify(theirs)}`;
  return hosts.length === 1 && hosts[0] === authority ? null : 'its Host is not the one that was routed';
}

/** What must come through: the received fields without those of the hop, those that Connection names, and names with `_`. */
function endToEnd(fields: string): string {
  const lines = fields.split('\n');
  const named = new Set(
    lines
      .flatMap((line) => (line.startsWith('connection:') ? line.slice(11).split(',') : []))
      .map((name) => name.trim().toLowerCase()),
  );
  return lines
    .filter((line) => {
      const name = line.slice(0, Math.max(line.indexOf(':'), 0));
      return name !== '' && !notTheirs.test(name) && !name.includes('_') && !named.has(name);
    })
    .join('\n');
}

function passedOn(lines: readonly string[]): string {
  return lines
    .map((line) => {
      const colon = line.indexOf(':');
      return `${line.slice(0, colon).toLowerCase()}:${line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')}`;
    })
    .filter((line) => !notTheirs.test(line.slice(0, line.indexOf(':'))))
    .join('\n');
}
