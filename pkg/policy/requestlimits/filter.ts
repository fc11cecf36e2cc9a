/** Data-plane half of request limits. All but the body is judged by the head, before a byte goes upstream. */
import { DecodedSize } from '../decoded-size.ts';
import { type Coding, codingOf, codings } from '../decompress.ts';
import type { Exchange, RequestView, RuntimeFilter } from '../runtime.ts';
import type { RequestLimitsConfig } from './schema.ts';

export function createRequestLimits(config: RequestLimitsConfig): RuntimeFilter {
  const checks = [
    headCheck(config),
    methodCheck(config.methods),
    contentTypeCheck(config.contentTypes),
    bodyCheck(config.bodyBytes),
    codingCheck(config),
  ].filter((check) => check !== null);
  const guard = decodedGuard(config);
  return {
    onRequest: (exchange) => {
      for (const check of checks) if (check(exchange)) return undefined;
      return guard?.(exchange);
    },
  };
}

/** @returns whether the request was refused */
type Check = (exchange: Exchange) => boolean;

function headCheck({ headBytes, headerCount, urlLength, queryParams }: RequestLimitsConfig): Check | null {
  if (headBytes === null && headerCount === null && urlLength === null && queryParams === null) return null;
  const code = (request: RequestView) => {
    if (urlLength !== null && request.measure('target') > urlLength) return 'uri-too-long';
    if (headerCount !== null && request.measure('fields') > headerCount) return 'headers-too-large';
    if (headBytes !== null && request.measure('head') > headBytes) return 'headers-too-large';
    if (queryParams !== null && countParams(request.query) > queryParams) return 'request-invalid';
    return null;
  };
  return (exchange) => {
    const refusal = code(exchange.request);
    if (refusal !== null) exchange.deny(refusal);
    return refusal !== null;
  };
}

/** Parts between `&` that are not empty, as backends count them. */
function countParams(query: string): number {
  let count = 0;
  let start = 1;
  for (let end = start; end <= query.length; end++) {
    if (end < query.length && query.charCodeAt(end) !== 38) continue;
    if (end > start) count++;
    start = end + 1;
  }
  return count;
}

function methodCheck(methods: readonly string[] | null): Check | null {
  if (methods === null) return null;
  const allowed = new Set(methods);
  // RFC 9110 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
  const headers = { Allow: methods.join(', ') };
  return (exchange) => {
    // Methods are compared with their case: `get` is another method.
    if (allowed.has(exchange.request.method)) return false;
    exchange.deny('method-denied', headers);
    return true;
  };
}

function contentTypeCheck(types: readonly string[] | null): Check | null {
  if (types === null) return null;
  const exact = new Set(types);
  const prefixes = types.filter((type) => type.endsWith('/*')).map((type) => type.slice(0, -1));
  const allows = (type: string): boolean => exact.has(type) || prefixes.some((prefix) => type.startsWith(prefix));
  // RFC 9110 12.5.1: in a response, Accept says which media types are preferred "in the content of a subsequent request".
  const headers = { Accept: types.join(', ') };
  return (exchange) => {
    const { request } = exchange;
    if (!request.hasBody) return false;
    // Two lines, which a backend may read as either, are joined with a comma here and so are no type at all.
    const field = request.headers.get('content-type') ?? '';
    const semicolon = field.indexOf(';');
    const type = (semicolon < 0 ? field : field.slice(0, semicolon)).trim().toLowerCase();
    if (isMediaType(type) && !field.includes(',', semicolon + 1) && allows(type)) return false;
    exchange.deny('media-type-denied', headers);
    return true;
  };
}

function isMediaType(type: string): boolean {
  return /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(type);
}

function bodyCheck(limit: number | null): Check | null {
  if (limit === null) return null;
  return (exchange) => {
    if (exchange.request.limitBody(limit)) return false;
    exchange.deny('body-too-large');
    return true;
  };
}

type Limited = Pick<RequestLimitsConfig, 'contentEncodings' | 'decodedBytes' | 'decodedRatio'>;

function codingCheck({ contentEncodings, decodedBytes, decodedRatio }: Limited): Check | null {
  if (contentEncodings === null && decodedBytes === null && decodedRatio === null) return null;
  const allowed = new Set<Coding>(['identity', ...(contentEncodings ?? codings)]);
  // RFC 9110 15.5.16: "If the problem was caused by an unsupported content coding, the Accept-Encoding response header field ought to be used to
  // indicate which (if any) content codings would have been accepted in the request."
  const headers = { 'Accept-Encoding': [...allowed].join(', ') };
  return (exchange) => {
    if (!exchange.request.hasBody) return false;
    const coding = codingOf(exchange.request.headers.get('content-encoding'));
    // Several codings are none that is understood: nobody needs them but for bombs (CVE-2026-22036).
    if (coding !== null && allowed.has(coding)) return false;
    exchange.deny('media-type-denied', headers);
    return true;
  };
}

/** Behind all checks, so that nothing is decoded of what is refused anyway. */
function decodedGuard({
  decodedBytes,
  decodedRatio,
}: Limited): ((exchange: Exchange) => Promise<void> | undefined) | null {
  if (decodedBytes === null && decodedRatio === null) return null;
  const limits = { size: decodedBytes ?? Number.POSITIVE_INFINITY, ratio: decodedRatio ?? Number.POSITIVE_INFINITY };
  return (exchange) => {
    const { request } = exchange;
    if (!request.hasBody) return undefined;
    const coding = codingOf(request.headers.get('content-encoding'));
    if (coding === null || coding === 'identity') {
      if (!request.limitBody(limits.size)) exchange.deny('body-too-large');
      return undefined;
    }
    const early = request.guardBody(new DecodedSize(coding, limits));
    if (early === null) return undefined;
    return early.then((code) => {
      if (code !== null) exchange.deny(code);
    });
  };
}
