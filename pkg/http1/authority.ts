/** Host, or the authority of an absolute-form target → what routing compares. Strict: what is no host name or IP address is refused (400). */
import type { Buffer } from 'node:buffer';
import { isIPv6 } from 'node:net';

/** 253 of a name, a dot, a colon and five digits. */
const MaxAuthority = 260;

/** One authority, refilled per request. A connection mostly asks for one host, so the last answer is kept beside its bytes. */
export class Authority {
  /** Lower case, without port and trailing dot; IPv6 in brackets. */
  host = '';
  /** 0 if none is named. */
  port = 0;
  /** As received: what is forwarded as Host. */
  text = '';
  readonly #bytes = new Uint8Array(MaxAuthority);
  #length = -1;

  /** @returns false if `bytes[start, end)` is no `host [":" port]`; the fields are then those of the call before */
  parse(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (length === this.#length && this.#isSame(bytes, start)) return true;
    if (length === 0 || length > MaxAuthority) return false;
    const text = bytes.toString('latin1', start, end);
    const parsed = parseAuthority(text);
    if (parsed === null) return false;
    this.host = parsed.host;
    this.port = parsed.port;
    this.text = text;
    for (let i = 0; i < length; i++) this.#bytes[i] = bytes[start + i]!;
    this.#length = length;
    return true;
  }

  /** None was received: `text` is forwarded, and no host is named. */
  assume(text: string): void {
    this.host = '';
    this.port = 0;
    this.text = text;
    this.#length = -1;
  }

  #isSame(bytes: Uint8Array, start: number): boolean {
    for (let i = 0; i < this.#length; i++) if (this.#bytes[i] !== bytes[start + i]) return false;
    return true;
  }
}

// Names as DNS and Kubernetes have them, and `_`, which some use. RFC 3986 allows more in a reg-name (`,`, `%41`): no listener or route
// can ever name such a host, and other parsers read some of it as a second host.
const name = /^[A-Za-z0-9_~-][A-Za-z0-9_~.-]*$/;

/** `host [":" port]`, without user information; null if it is anything else. */
export function parseAuthority(text: string): { readonly host: string; readonly port: number } | null {
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', bracket + 1);
  const host = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? 0 : parsePort(text.slice(colon + 1));
  if (port < 0) return null;
  if (text.startsWith('[')) {
    const address = host.slice(1, -1);
    if (bracket !== host.length - 1 || address.includes('%') || !isIPv6(address)) return null;
    return { host: host.toLowerCase(), port };
  }
  if (host.length > 254 || !isName(host)) return null;
  const bare = host.endsWith('.') ? host.slice(0, -1) : host;
  return { host: bare.toLowerCase(), port };
}

function isName(host: string): boolean {
  return !host.includes('..') && name.test(host);
}

/** -1 if it is no port; 0 for `host:`, which RFC 3986 allows and which names none. */
function parsePort(text: string): number {
  if (text === '') return 0;
  if (!/^[0-9]{1,5}$/.test(text)) return -1;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : -1;
}
