/** The request's header fields: what the client sent, without what it may not say, and with what the gateway says itself (X-Forwarded-*). */
import type { Buffer } from 'node:buffer';
import { isNamed } from '../http1/connection.ts';
import type { Head } from '../http1/head.ts';
import { Known } from '../http1/known.ts';
import { dropTrailers, plainName } from '../http1/trailers.ts';
import type { PreparedFields } from '../policy/prepared-fields.ts';
import { type FieldLine, Fields } from './fields.ts';

/** Fields that the gateway makes itself; bits of `own`. */
export const Own = {
  For: 1,
  RealIp: 2,
  Proto: 4,
  Port: 8,
  Host: 16,
  RequestId: 32,
  Forwarded: 64,
} as const;

const ownByName = new Map<string, number>([
  ['x-forwarded-for', Own.For],
  ['x-real-ip', Own.RealIp],
  ['x-forwarded-proto', Own.Proto],
  ['x-forwarded-port', Own.Port],
  ['x-forwarded-host', Own.Host],
  ['x-request-id', Own.RequestId],
  ['forwarded', Own.Forwarded],
]);

/** Who knows the values of the own fields. */
export interface OwnValues {
  ownValue(bit: number): string;
}

export class RequestFields extends Fields {
  /** Bits of Own: those written. A filter that sets or removes one of these names takes its bit away. */
  own = 0;
  /** Trailers may come: then it is remembered which fields filters have set or removed. */
  mayTrail = false;
  readonly #judged = new Set<string>();
  readonly #values: OwnValues;

  constructor(values: OwnValues) {
    super();
    this.#values = values;
  }

  override reset(bytes: Buffer, head: Head | null, hidden: Uint8Array | null): void {
    super.reset(bytes, head, hidden);
    this.mayTrail = false;
    if (this.#judged.size > 0) this.#judged.clear();
  }

  /**
   * Trailers without what filters have set or removed in the head: a backend that merges both would take it from there (CVE-2013-5704).
   * @param lines CRLF-terminated
   */
  trailers(lines: Buffer | null): Buffer | null {
    return lines === null || this.#judged.size === 0 ? lines : dropTrailers(lines, this.#judged);
  }

  /**
   * Takes out what Connection names. RFC 9110 7.6.1: "Intermediaries MUST parse a received Connection header field before a message is
   * forwarded and, for each connection-option in this field, remove any header or trailer field(s) from the message with the same name". Before
   * anybody looks: a policy that judges by a field which no backend will see lets pass what it does not know.
   */
  dropNamed(head: Head): void {
    for (let i = 0; i < head.count; i++) {
      if (hopByHop[head.known[i]!] === 1 || !isNamed(this.bytes, head, i)) continue;
      this.removed[i] = 1;
      this.hasRemoved = true;
    }
  }

  override get(name: string): string | undefined {
    const bit = ownByName.get(name);
    if (bit !== undefined && (this.own & bit) !== 0) return this.#values.ownValue(bit);
    return super.get(name);
  }

  override has(name: string): boolean {
    const bit = ownByName.get(name);
    return (bit !== undefined && (this.own & bit) !== 0) || super.has(name);
  }

  override lines(): FieldLine[] {
    const isOurs = (name: string): boolean => (this.own & (ownByName.get(name) ?? 0)) !== 0;
    const lines = super.lines().filter(([name]) => !isOurs(name));
    for (const [name, bit] of ownByName) if (isOurs(name)) lines.push([name, this.#values.ownValue(bit)]);
    return lines;
  }

  override add(name: string, value: string): void {
    const bit = ownByName.get(name.toLowerCase());
    const before = bit !== undefined && (this.own & bit) !== 0 ? this.#values.ownValue(bit) : null;
    // Ours becomes an ordinary line, so that the added one stands behind it.
    if (before !== null) this.set(name, before);
    super.add(name, value);
  }

  // What is written for a backend is judged name by name: own fields, and trailers.
  override setAll({ names, values }: PreparedFields): void {
    for (let i = 0; i < names.length; i++) this.set(names[i]!, values[i]!);
  }

  override fillIn({ names, lower, values }: PreparedFields): void {
    for (let i = 0; i < names.length; i++) if (!this.has(lower[i]!)) this.set(names[i]!, values[i]!);
  }

  protected override drop(lower: string): void {
    super.drop(lower);
    if (this.mayTrail) this.#judged.add(plainName(lower));
    const bit = ownByName.get(lower);
    if (bit !== undefined) this.own &= ~bit;
  }
}

const table = (...names: readonly Known[]): Uint8Array => {
  const set = new Uint8Array(256);
  for (const name of names) set[name] = 1;
  return set;
};

/**
 * What only a trusted proxy may say. From anybody else these fields do not exist: neither for matching nor for filters or backends
 * (CVE-2026-35051: one forgotten name is a way around a policy).
 */
export const untrustedIdentity = table(
  Known.XForwardedFor,
  Known.XForwardedHost,
  Known.XForwardedProto,
  Known.XForwardedPort,
  Known.XForwardedPrefix,
  Known.XForwardedScheme,
  Known.XForwardedSsl,
  Known.XForwardedUri,
  Known.XForwardedMethod,
  Known.XForwardedServer,
  Known.Forwarded,
  Known.XRealIp,
  Known.XRequestId,
  Known.XOriginalUrl,
  Known.XRewriteUrl,
  // X-Forwarded-User, X-Forwarded-Client-Cert, X-Envoy-Original-Path (CVE-2024-45806), and what comes next.
  Known.XForwarded,
  Known.XEnvoy,
  Known.Proxy,
);

// CVE-2016-5385 (httpoxy): a CGI backend reads `Proxy` as HTTP_PROXY. No proxy needs to send it.
export const trustedIdentity = table(Known.Proxy);

/** Fields of one hop, and those that the encoder writes itself: never copied. */
export const hopByHop = table(
  Known.Host,
  Known.Connection,
  Known.KeepAlive,
  Known.ProxyConnection,
  Known.TE,
  Known.Upgrade,
  Known.HTTP2Settings,
  Known.TransferEncoding,
  Known.ContentLength,
  Known.Expect,
  Known.ProxyAuthorization,
);

/** Many backends read `X_Forwarded_For` as `X-Forwarded-For`. */
export function hasUnderscore(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === 95) return true;
  return false;
}
