/** The trailer section of a chunked body: gathered, scanned as strictly as a head, and rid of the fields that must not come late. */
import { Head, hasLineFeed, Incomplete, MaxFields, scanFields } from './head.ts';

/** Of one trailer section. */
export const MaxTrailerBytes = 8_192;

// RFC 9110 6.5.1: "a sender MUST NOT generate a trailer field unless the sender knows the corresponding header field name's definition
// permits [it]"; never for "message framing, routing, authentication, request modifiers, response controls, or content format".
const forbidden = new Set(
  [
    'transfer-encoding content-length trailer te connection keep-alive proxy-connection upgrade http2-settings host via',
    'authorization proxy-authorization proxy-authenticate www-authenticate proxy-authentication-info authentication-info cookie set-cookie',
    'forwarded x-real-ip x-request-id x-original-url x-rewrite-url proxy origin referer user-agent',
    'cache-control expect max-forwards pragma range accept accept-encoding accept-language age expires date location retry-after vary warning allow',
  ]
    .join(' ')
    .split(' '),
);
const forbiddenPrefix = /^(?:content-|x-forwarded-|if-|access-control-)/;
/** Of those, what is made for the end of a body: RFC 9530. */
const allowed = new Set(['content-digest', 'content-md5']);

/** Whether a field may be passed on in trailers. @param name in any case */
export function allowedInTrailers(name: string): boolean {
  const plain = plainName(name);
  return allowed.has(plain) || !(forbidden.has(plain) || forbiddenPrefix.test(plain));
}

/** Lower case. Many servers read `_` as `-`, so `Content_Length` is as dangerous as the name it imitates. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/**
 * @param lines CRLF-terminated
 * @param names as `plainName` makes them
 * @returns null if no line is left
 */
export function dropTrailers(lines: Buffer, names: ReadonlySet<string>): Buffer | null {
  const all = lines.toString('latin1').split(/(?<=\r\n)/);
  const kept = all.filter((line) => !names.has(plainName(line.slice(0, line.indexOf(':')))));
  if (kept.length === all.length) return lines;
  return kept.length === 0 ? null : Buffer.from(kept.join(''), 'latin1');
}

/** Gathers one trailer section. Nothing is allocated before the first trailer field of a connection comes. */
export class Trailers {
  /** CRLF-terminated field lines once complete, or null if no field is left. */
  lines: Buffer | null = null;
  #bytes: Buffer | null = null;
  #head: Head | null = null;
  #length = 0;

  reset(): void {
    this.lines = null;
    this.#length = 0;
  }

  /**
   * Takes bytes up to the blank line.
   * @returns the offset in `bytes` behind it, 0 if more is needed, or -1 if it is malformed, too long, or has more than MaxFields fields
   */
  feed(bytes: Uint8Array, start: number, end: number): number {
    this.#bytes ??= Buffer.allocUnsafe(MaxTrailerBytes);
    this.#head ??= new Head();
    const before = this.#length;
    const taken = Math.min(end - start, MaxTrailerBytes - before);
    this.#bytes.set(bytes.subarray(start, start + taken), before);
    this.#length += taken;
    const lineEnded = hasLineFeed(this.#bytes, before, this.#length);
    const behind = lineEnded ? scanFields(this.#bytes, 0, this.#length, this.#head) : Incomplete;
    if (behind < 0 || (behind === Incomplete && this.#length === MaxTrailerBytes)) return -1;
    if (behind === Incomplete) return 0;
    this.lines = keep(this.#bytes, this.#head);
    return start + (behind - before);
  }
}

function keep(bytes: Buffer, head: Head): Buffer | null {
  let text = '';
  for (let i = 0; i < Math.min(head.count, MaxFields); i++) {
    const name = bytes.toString('latin1', head.fields[4 * i], head.fields[4 * i + 1]);
    if (!allowedInTrailers(name)) continue;
    text += `${name}: ${bytes.toString('latin1', head.fields[4 * i + 2], head.fields[4 * i + 3])}\r\n`;
  }
  return text === '' ? null : Buffer.from(text, 'latin1');
}
