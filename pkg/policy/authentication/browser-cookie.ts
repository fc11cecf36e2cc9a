/** A cookie of the gateway's own that may be longer than browsers allow: it is split. */
import type { HeaderView, RequestView } from '../runtime.ts';

/** RFC 6265 6.1: at least "4096 bytes per cookie (as measured by the sum of the length of the cookie's name, value, and attributes)". */
const PART = 3700;
const MAX_PARTS = 5;

export interface StoredCookie {
  readonly value: string;
  readonly parts: number;
}

export class BrowserCookie {
  readonly #name: string;
  readonly #attributes: string;

  /**
   * @param secure whether browsers use https. `__Host-` keeps other hosts of the domain from writing it (RFC 6265bis 4.1.3.2).
   */
  constructor(name: string, secure: boolean) {
    this.#name = secure ? `__Host-${name}` : name;
    this.#attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  read(request: RequestView): StoredCookie | null {
    const first = request.cookie(this.#name);
    if (first === undefined || first[1] !== '~') return null;
    const parts = Number(first[0]);
    if (!(parts >= 1 && parts <= MAX_PARTS)) return null;
    let value = first.slice(2);
    for (let i = 1; i < parts; i++) {
      const part = request.cookie(`${this.#name}.${i}`);
      if (part === undefined) return null;
      value += part;
    }
    return { value, parts };
  }

  /**
   * @param maxAge seconds
   * @param before parts that the browser has: those too many are deleted
   * @returns values of Set-Cookie; null if it is too long
   */
  write(value: string, maxAge: number, before = 0): readonly string[] | null {
    const parts = Math.max(1, Math.ceil(value.length / PART));
    if (parts > MAX_PARTS) return null;
    const lines = Array.from({ length: parts }, (_, i) => {
      const part = value.slice(i * PART, (i + 1) * PART);
      return this.#line(i, i === 0 ? `${parts}~${part}` : part, maxAge);
    });
    return [...lines, ...this.#deletions(parts, before)];
  }

  /** @returns values of Set-Cookie that delete it */
  clear(parts: number): readonly string[] {
    return this.#deletions(0, Math.max(1, parts));
  }

  owns(name: string): boolean {
    return name === this.#name || name.startsWith(`${this.#name}.`);
  }

  #deletions(from: number, to: number): readonly string[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => this.#line(from + i, '', 0));
  }

  #line(index: number, value: string, maxAge: number): string {
    return `${this.#name}${index === 0 ? '' : `.${index}`}=${value}${this.#attributes}; Max-Age=${maxAge}`;
  }
}

/** Takes cookies out of what is forwarded. */
export function stripCookies(headers: HeaderView, cookies: readonly BrowserCookie[]): void {
  const sent = headers.get('cookie');
  if (sent === undefined) return;
  const all = sent.split(';');
  const rest = all.filter((pair) => {
    const name = (pair.split('=', 1)[0] ?? '').trim();
    return !cookies.some((cookie) => cookie.owns(name));
  });
  if (rest.length === all.length) return;
  if (rest.length === 0) headers.remove('cookie');
  else headers.set('Cookie', rest.map((pair) => pair.trim()).join('; '));
}
