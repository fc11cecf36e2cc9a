/** Encodes the request that goes upstream: the client's lines as they came, without what belongs to its hop, and ours behind them. */
import type { Buffer } from 'node:buffer';
import { literal, writeBytes, writeDecimal, writeLineEnd, writeText } from '../http1/encode.ts';
import { Known } from '../http1/known.ts';
import { BodyChunked } from '../upstream/upstream.ts';
import type { Request } from './request.ts';
import { hopByHop, Own } from './request-fields.ts';

const version = literal(' HTTP/1.1\r\nHost: ');
const forwardedHost = literal('X-Forwarded-Host: ');
const requestId = literal('X-Request-Id: ');
const upgrade = literal('Connection: Upgrade\r\nUpgrade: ');
// RFC 9110 10.1.4: "A sender of TE MUST also send a "TE" connection option within the Connection header field".
const trailers = literal('Connection: TE\r\nTE: trailers\r\n');
const expect = literal('Expect: 100-continue\r\n');
const contentLength = literal('Content-Length: ');
const chunked = literal('Transfer-Encoding: chunked\r\n');
const via = literal('Via: 1.1 suuupra\r\n');

const names: readonly (readonly [bit: number, name: string])[] = [
  [Own.For, 'X-Forwarded-For'],
  [Own.RealIp, 'X-Real-IP'],
  [Own.Proto, 'X-Forwarded-Proto'],
  [Own.Port, 'X-Forwarded-Port'],
  [Own.Host, 'X-Forwarded-Host'],
  [Own.RequestId, 'X-Request-Id'],
  [Own.Forwarded, 'Forwarded'],
];
const Constant = Own.For | Own.RealIp | Own.Proto | Own.Port;
const Usual = Constant | Own.Host | Own.RequestId;

/** Of what is written beside the client's own lines, additions and strings that are counted one by one. */
const Overhead = 1024;

/** @returns the offset behind the blank line, or -1 if `out` is too short */
export function encodeRequest(request: Request, out: Buffer, at: number): number {
  const { head, headers } = request;
  const needed =
    head.end -
    head.start +
    headers.addedLength() +
    3 * request.authority.length +
    request.forwardPath.length +
    request.forwardQuery.length +
    request.forwardMethod.length +
    Overhead;
  if (needed + (request.trusted ? 2 * (head.end - head.start) : 0) > out.length - at) return -1;

  let end = writeMethod(request, out, at);
  end = writeTarget(request, out, end);
  end = writeBytes(out, end, version);
  end = writeLineEnd(out, writeText(out, end, request.authority));
  end = writeFields(request, out, end);
  end = writeAdded(request, out, end);
  end = writeOwn(request, out, end);
  if (request.writesVia) end = writeBytes(out, end, via);
  if (request.upgrade !== null) {
    end = writeLineEnd(out, writeText(out, writeBytes(out, end, upgrade), request.upgrade));
  } else if (request.acceptsTrailers) end = writeBytes(out, end, trailers);
  if (request.expectsContinue) end = writeBytes(out, end, expect);
  end = writeFraming(request, out, end);
  return writeLineEnd(out, end);
}

function writeMethod({ buffer, head, method, forwardMethod }: Request, out: Buffer, at: number): number {
  if (method === forwardMethod) return writeBytes(out, at, buffer, head.start, head.methodEnd + 1);
  const end = writeText(out, at, forwardMethod);
  out[end] = 32;
  return end + 1;
}

function writeTarget(request: Request, out: Buffer, at: number): number {
  const { parsedTarget: target } = request;
  if (target.form === 'asterisk') return writeText(out, at, '*');
  const { targetUntouched, queryUntouched } = request;
  if (targetUntouched && queryUntouched) return writeBytes(out, at, request.buffer, target.pathStart, target.queryEnd);
  const end = writeText(out, at, request.forwardPath);
  if (!queryUntouched) return writeText(out, end, request.forwardQuery);
  return writeBytes(out, end, request.buffer, target.pathEnd, target.queryEnd);
}

/** Copies the received lines that stay, neighbours in one go. */
function writeFields(request: Request, out: Buffer, at: number): number {
  const { buffer, head } = request;
  const { fields } = head;
  let end = at;
  let from = -1;
  for (let i = 0; i < head.count; i++) {
    if (isForwarded(request, i)) {
      if (from < 0) from = fields[4 * i]!;
    } else if (from >= 0) {
      end = writeBytes(out, end, buffer, from, fields[4 * i]);
      from = -1;
    }
  }
  return from < 0 ? end : writeBytes(out, end, buffer, from, head.end - 2);
}

/** Whether received field i goes upstream as it came. */
function isForwarded({ head, headers }: Request, i: number): boolean {
  const known = head.known[i]!;
  if (known !== 0) {
    if (hopByHop[known] === 1 || headers.hidden![known] === 1) return false;
    if (headers.own !== 0 && replaces(headers.own, known)) return false;
  }
  return headers.removed[i] === 0;
}

/** Whether an own field takes the place of this one. */
function replaces(own: number, known: number): boolean {
  switch (known) {
    case Known.XForwardedFor:
      return (own & Own.For) !== 0;
    case Known.XRealIp:
      return (own & Own.RealIp) !== 0;
    case Known.XForwardedProto:
      return (own & Own.Proto) !== 0;
    case Known.XForwardedPort:
      return (own & Own.Port) !== 0;
    case Known.XForwardedHost:
      return (own & Own.Host) !== 0;
    case Known.XRequestId:
      return (own & Own.RequestId) !== 0;
    case Known.Forwarded:
      return (own & Own.Forwarded) !== 0;
    default:
      return false;
  }
}

function writeAdded({ headers }: Request, out: Buffer, at: number): number {
  let end = at;
  for (let i = 0; i < headers.names.length; i++) {
    end = writeField(out, end, headers.names[i]!, headers.values[i]!);
  }
  return end;
}

function writeOwn(request: Request, out: Buffer, at: number): number {
  const { own } = request.headers;
  let end = at;
  if (own === Usual && !request.trusted) {
    end = writeBytes(out, end, request.peer.identityFields(request.listenerPort));
    end = writeLineEnd(out, writeText(out, writeBytes(out, end, forwardedHost), request.parsedAuthority.text));
    return writeLineEnd(out, writeText(out, writeBytes(out, end, requestId), request.requestId));
  }
  for (const [bit, name] of names) if ((own & bit) !== 0) end = writeField(out, end, name, request.ownValue(bit));
  return end;
}

function writeField(out: Buffer, at: number, name: string, value: string): number {
  let end = writeText(out, at, name);
  out[end++] = 58;
  out[end++] = 32;
  return writeLineEnd(out, writeText(out, end, value));
}

function writeFraming({ bodyLength, forwardMethod: method, saysLength }: Request, out: Buffer, at: number): number {
  if (bodyLength === BodyChunked) return writeBytes(out, at, chunked);
  // RFC 9110 8.6: "A user agent SHOULD send Content-Length in a request when the method defines a meaning for enclosed content": a POST of
  // nothing says so. Where the client said 0 it is said again.
  if (bodyLength > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH' || saysLength) {
    return writeLineEnd(out, writeDecimal(out, writeBytes(out, at, contentLength), bodyLength));
  }
  return at;
}

/** name, value, …: without Host and framing. */
export function rawRequestHeaders(request: Request): string[] {
  const { buffer, head, headers } = request;
  const { fields } = head;
  const raw: string[] = [];
  for (let i = 0; i < head.count; i++) {
    if (!isForwarded(request, i)) continue;
    raw.push(buffer.toString('latin1', fields[4 * i], fields[4 * i + 1]), headers.valueAt(head, i));
  }
  for (let i = 0; i < headers.names.length; i++) raw.push(headers.names[i]!, headers.values[i]!);
  for (const [bit, name] of names) if ((headers.own & bit) !== 0) raw.push(name, request.ownValue(bit));
  if (request.writesVia) raw.push('Via', '1.1 suuupra');
  if (request.acceptsTrailers && request.upgrade === null) raw.push('TE', 'trailers');
  // undici sends none: its lane reads here that somebody has to answer it.
  if (request.expectsContinue) raw.push('Expect', '100-continue');
  return raw;
}
