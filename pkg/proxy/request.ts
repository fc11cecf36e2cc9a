/** One request, as routing, filters and the upstream see it: three views over the same bytes. One instance per exchange, refilled. */
import type { Buffer } from 'node:buffer';
import { Authority } from '../http1/authority.ts';
import { connectionOptions, InvalidOptions, NamesOthers, Upgrade } from '../http1/connection.ts';
import { codeOfRefusal, requestLength } from '../http1/framing.ts';
import { Head } from '../http1/head.ts';
import { KeptText } from '../http1/kept-text.ts';
import { equalsLower, Known } from '../http1/known.ts';
import { parseTarget, Target } from '../http1/target.ts';
import type { PathSettings, Settings } from '../ir/settings.ts';
import type { BodyGuard, DenialCode, Measure, RequestView } from '../policy/runtime.ts';
import { canonicalPath, defaultPathSettings, isForwardable, isPlainPath, noReadings } from '../routing/canonical.ts';
import type { MatchInput } from '../routing/table.ts';
import { BodyChunked, type UpstreamRequest } from '../upstream/upstream.ts';
import type { BodyReader } from './body-reader.ts';
import { readClientHeader } from './client-header.ts';
import type { ErrorCode } from './errors.ts';
import { checkForwardHost, checkForwardMethod, checkForwardQuery } from './forwardable.ts';
import { HeadBuffer } from './head-buffer.ts';
import { measureHead } from './measure.ts';
import { isMiscased, methodOf } from './method.ts';
import type { Peer } from './peer.ts';
import { cookieOf, queryParamOf } from './query.ts';
import {
  hasUnderscore,
  Own,
  type OwnValues,
  RequestFields,
  trustedIdentity,
  untrustedIdentity,
} from './request-fields.ts';
import { encodeRequest, rawRequestHeaders } from './request-head.ts';

const continue100 = new TextEncoder().encode('100-continue');

export class Request implements RequestView, MatchInput, UpstreamRequest, OwnValues {
  readonly received = new HeadBuffer();
  readonly head = new Head();
  readonly headers: RequestFields = new RequestFields(this);
  readonly parsedTarget = new Target();
  readonly parsedAuthority = new Authority();
  peer: Peer;
  method = '';
  scheme: 'http' | 'https' = 'http';
  host = '';
  hostPort = 0;
  listenerPort = 0;
  path = '/';
  /** As what else backends may read the path. */
  pathReadings: readonly string[] = noReadings;
  forwardPath = '/';
  query = '';
  forwardQuery = '';
  forwardMethod = '';
  clientAddress = '';
  bodyLength = 0;
  /** Bytes of the body that a policy lets through. */
  bodyLimit = Number.POSITIVE_INFINITY;
  upgrade: string | null = null;
  /** The value of Host that is forwarded. */
  authority = '';
  /** Bits of `http1/connection.ts`. */
  options = 0;
  expectsContinue = false;
  acceptsTrailers = false;
  /** The peer may say who the client is. */
  trusted = false;
  /** The target's bytes are forwarded as they came: the path's, the query's. */
  targetUntouched = true;
  queryUntouched = true;
  requestId = '';
  writesVia = false;
  /** The client gave a Content-Length, be it 0. */
  saysLength = false;
  /** For the log. */
  readonly agent = new KeptText();
  #pathSettings: PathSettings = defaultPathSettings;

  readonly #reader: BodyReader | null;

  /** @param reader absent where only heads are read */
  constructor(peer: Peer, reader: BodyReader | null = null) {
    this.peer = peer;
    this.#reader = reader;
  }

  /** Holds the head. */
  get buffer(): Buffer {
    return this.received.bytes;
  }

  /**
   * Reads what scanRequest found in `head`.
   * @param newId makes a request id
   * @returns why the request is refused, or null
   */
  read(settings: Settings, newId: () => string): ErrorCode | null {
    const { buffer, head, peer } = this;
    this.#pathSettings = settings.path;
    this.headers.reset(buffer, head, null);
    this.method = methodOf(buffer, head.start, head.methodEnd);
    this.forwardMethod = this.method;
    this.bodyLength = 0;
    this.upgrade = null;
    if (isMiscased(this.method)) return 'method-not-allowed';
    if (head.targetEnd - head.targetStart > settings.limits.urlLength) return 'uri-too-long';
    if (head.count > settings.limits.headerCount) return 'headers-too-large';
    const length = requestLength(buffer, head);
    if (typeof length === 'string') return codeOfRefusal(length);
    const options = connectionOptions(buffer, head);
    if (options === InvalidOptions) return 'bad-request';
    this.bodyLength = length;
    this.headers.mayTrail = length === BodyChunked;
    this.options = options;
    if ((options & NamesOthers) !== 0) this.headers.dropNamed(head);

    this.scheme = peer.secure ? 'https' : 'http';
    const refusal = this.#readFields(peer.terms.underscores) ?? this.#readTarget(settings);
    const unknown = this.#identify(settings, newId);
    return refusal ?? unknown;
  }

  /** Nothing has been read: what a refused head looks like. The request before, perhaps another client's, must not show in its log line. */
  clear(): void {
    this.received.reset();
    this.headers.reset(this.buffer, null, null);
    this.headers.own = 0;
    this.method = '';
    this.forwardMethod = '';
    this.host = '';
    this.path = '';
    this.query = '';
    this.forwardQuery = '';
    this.clientAddress = this.peer.address;
    this.requestId = '';
    this.options = 0;
    this.bodyLength = 0;
    this.bodyLimit = Number.POSITIVE_INFINITY;
    this.upgrade = null;
    this.expectsContinue = false;
    this.head.minor = 1;
  }

  header(name: string): string | undefined {
    return this.headers.get(name);
  }

  queryParam(name: string): string | undefined {
    return queryParamOf(this.query, name);
  }

  cookie(name: string): string | undefined {
    const value = this.headers.get('cookie');
    return value === undefined ? undefined : cookieOf(value, name);
  }

  get hasBody(): boolean {
    return this.bodyLength !== 0;
  }

  measure(what: Measure): number {
    return measureHead(this.head, what);
  }

  get target(): string {
    return this.parsedTarget.form === 'asterisk' ? '*' : this.forwardPath + this.forwardQuery;
  }

  setForwardPath(path: string): void {
    // A rewrite is an input like any other: what it makes of `/a/..%2f` must not reach a backend (CVE-2026-48020, CVE-2026-65600).
    if (!isForwardable(path, this.#pathSettings))
      throw new RangeError(`a filter made the path ${JSON.stringify(path)}, which is not clean`);
    this.forwardPath = path;
    this.targetUntouched = false;
  }

  setForwardHost(authority: string): void {
    checkForwardHost(authority);
    this.authority = authority;
  }

  setForwardQuery(query: string): void {
    checkForwardQuery(query);
    this.forwardQuery = query;
    this.queryUntouched = false;
  }

  setForwardMethod(method: string): void {
    checkForwardMethod(method, this.method);
    this.forwardMethod = method;
  }

  readBody(limit: number): Promise<Uint8Array | null> {
    return this.#reader!.read(limit);
  }

  setBody(bytes: Uint8Array): void {
    this.#reader!.replace(bytes);
  }

  limitBody(limit: number): boolean {
    this.bodyLimit = Math.min(this.bodyLimit, limit);
    return this.bodyLength <= limit;
  }

  guardBody(guard: BodyGuard): Promise<DenialCode | null> | null {
    return this.#reader!.guard(guard);
  }

  encode(out: Buffer, at: number): number {
    return encodeRequest(this, out, at);
  }

  rawHeaders(): string[] {
    return rawRequestHeaders(this);
  }

  ownValue(bit: number): string {
    switch (bit) {
      case Own.For: {
        const before = this.trusted ? this.#received(Known.XForwardedFor) : undefined;
        return before === undefined ? this.peer.address : `${before}, ${this.peer.address}`;
      }
      case Own.RealIp:
        return this.clientAddress;
      case Own.Proto:
        return this.scheme;
      case Own.Port:
        return String(this.listenerPort);
      case Own.Host:
        return this.parsedAuthority.text;
      case Own.RequestId:
        return this.requestId;
      default:
        return this.#forwarded();
    }
  }

  #readFields(underscores: Settings['headers']['underscores']): ErrorCode | null {
    const { buffer, head } = this;
    const { fields, known } = head;
    this.expectsContinue = false;
    this.acceptsTrailers = false;
    this.saysLength = false;
    for (let i = 0; i < head.count; i++) {
      switch (known[i]!) {
        case 0:
          if (underscores === 'Allow' || !hasUnderscore(buffer, fields[4 * i]!, fields[4 * i + 1]!)) break;
          if (underscores === 'Reject') return 'header-invalid';
          this.headers.removed[i] = 1;
          this.headers.hasRemoved = true;
          break;
        case Known.Expect:
          // RFC 9110 10.1.1: "A server that receives an Expect field value containing a member other than 100-continue MAY respond with a
          // 417 (Expectation Failed) status code". "A server MUST ignore a 100-continue expectation in a HTTP/1.0 request".
          if (!this.#valueIs(i, continue100)) return 'expectation-failed';
          this.expectsContinue = head.minor === 1 && this.bodyLength !== 0;
          break;
        case Known.ContentLength:
          this.saysLength = true;
          break;
        case Known.TE:
          this.acceptsTrailers = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(this.headers.valueAt(head, i));
          break;
        case Known.Upgrade:
          this.#readUpgrade(i);
          break;
        default:
      }
    }
    return null;
  }

  // RFC 9110 7.8: "A server MAY ignore a received Upgrade header field". Ignored here: without `Connection: upgrade`, on HTTP/1.0, together with
  // a body (whose end the two sides might see differently), and h2c, which would carry requests past every policy (h2cSmuggler).
  #readUpgrade(index: number): void {
    if ((this.options & Upgrade) === 0 || this.head.minor === 0 || this.bodyLength !== 0) return;
    const value = this.headers.valueAt(this.head, index);
    if (this.upgrade !== null || value === '' || /(?:^|,)[ \t]*h2c?[ \t]*(?:,|$)/i.test(value)) this.upgrade = null;
    else this.upgrade = value;
  }

  #readTarget(settings: Settings): ErrorCode | null {
    const { buffer, head, method, parsedTarget: target, parsedAuthority: authority } = this;
    this.query = '';
    this.forwardQuery = '';
    this.queryUntouched = true;
    this.path = '/';
    this.pathReadings = noReadings;
    this.forwardPath = '/';
    const refusal = parseTarget(
      buffer,
      head.targetStart,
      head.targetEnd,
      method === 'OPTIONS',
      method === 'CONNECT',
      target,
    );
    if (refusal !== null) return refusal;
    if (!this.#readAuthority(authority, target)) return 'bad-request';

    this.targetUntouched = true;
    if (target.form === 'asterisk') return null;
    if (target.queryEnd > target.pathEnd) {
      this.query = buffer.toString('latin1', target.pathEnd, target.queryEnd);
      this.forwardQuery = this.query;
    }
    if (target.pathEnd === target.pathStart) {
      this.targetUntouched = false;
      return null;
    }
    const received = buffer.toString('latin1', target.pathStart, target.pathEnd);
    this.path = received;
    this.forwardPath = received;
    if (isPlainPath(received)) return null;
    const canonical = canonicalPath(received, settings.path);
    if (canonical === 'path-invalid') return canonical;
    this.path = canonical.canonical;
    this.pathReadings = canonical.readings;
    this.forwardPath = canonical.forward;
    this.targetUntouched = canonical.forward === received;
    return null;
  }

  #readAuthority(authority: Authority, target: Target): boolean {
    const { buffer, head } = this;
    const absolute = target.authorityEnd > 0;
    let found = false;
    for (let i = 0; i < head.count && !found; i++) {
      if (head.known[i] !== Known.Host) continue;
      found = true;
      // RFC 9112 3.2: "A server MUST respond with a 400 (Bad Request) status code to [...] any request message that contains [...] a Host
      // header field with an invalid field value"; a target that overrules it does not heal it.
      if (!authority.parse(buffer, head.fields[4 * i + 2]!, head.fields[4 * i + 3]!)) return false;
    }
    if (absolute && !authority.parse(buffer, target.authorityStart, target.authorityEnd)) return false;
    // HTTP/1.0 may do without: such a request is for the address it came to.
    if (!found && !absolute) authority.assume(this.peer.localAuthority);
    this.host = authority.host;
    this.hostPort = authority.port;
    this.authority = authority.text;
    return true;
  }

  /** @returns why nobody may be who the client seems to be */
  #identify(settings: Settings, newId: () => string): ErrorCode | null {
    const { headers, peer } = this;
    const { trust, header } = peer.termsFor(this.host);
    this.trusted = trust.trustsPeer(peer.address, peer.hop);
    headers.hidden = this.trusted ? trustedIdentity : untrustedIdentity;
    let own = Own.For | Own.RealIp | Own.Proto | Own.Port | Own.Host | Own.RequestId;
    this.clientAddress = peer.address;
    const refusal = header === null ? null : readClientHeader(this, header);
    this.requestId = '';
    if (this.trusted) {
      if (header === null)
        this.clientAddress = trust.clientOf(peer.address, this.#received(Known.XForwardedFor), peer.hop);
      if (this.#received(Known.XForwardedProto) !== undefined) own &= ~Own.Proto;
      if (this.#received(Known.XForwardedPort) !== undefined) own &= ~Own.Port;
      if (this.#received(Known.XForwardedHost) !== undefined) own &= ~Own.Host;
      const id = this.#received(Known.XRequestId);
      if (id !== undefined && /^[\w.:+/=-]{1,128}$/.test(id)) {
        this.requestId = id;
        own &= ~Own.RequestId;
      }
    }
    if (this.requestId === '') this.requestId = newId();
    if (settings.headers.forwarded) own |= Own.Forwarded;
    headers.own = own;
    this.writesVia = settings.headers.via;
    return refusal;
  }

  #forwarded(): string {
    const { peer } = this;
    const node = peer.address.includes(':') ? `"[${peer.address}]"` : peer.address;
    const element = `for=${node};host="${this.parsedAuthority.text}";proto=${this.scheme}`;
    const before = this.trusted ? this.#received(Known.Forwarded) : undefined;
    return before === undefined ? element : `${before}, ${element}`;
  }

  /** All received values of a known name, whoever sent them. */
  #received(name: Known): string | undefined {
    const { head } = this;
    let value: string | undefined;
    for (let i = 0; i < head.count; i++) {
      if (head.known[i] !== name) continue;
      const next = this.headers.valueAt(head, i);
      value = value === undefined ? next : `${value}, ${next}`;
    }
    return value;
  }

  #valueIs(index: number, lower: Uint8Array): boolean {
    const { fields } = this.head;
    const start = fields[4 * index + 2]!;
    return fields[4 * index + 3]! - start === lower.length && equalsLower(this.buffer, start, lower);
  }
}
