/** Data-plane half of compression. */
import { mediaTypeMatcher, mediaTypeOf } from '../media-type.ts';
import type { Exchange, HeaderView, RuntimeFilter } from '../runtime.ts';
import { chooseCoding } from './accept-encoding.ts';
import { Compressor } from './compressor.ts';
import type { Coding, CompressionConfig } from './schema.ts';

/** Bodies that a worker compresses at once, some hundred KiB of memory each; the next ones are sent as they are. */
const MaxActive = 256;

export function createCompression(config: CompressionConfig): RuntimeFilter {
  const { minSize, credentialed } = config;
  const compresses = mediaTypeMatcher(config.contentTypes);
  const codings = config.codings.map(({ coding }) => coding);
  const levels = new Map<Coding, number>(config.codings.map(({ coding, level }) => [coding, level]));
  let active = 0;

  const mayCompress = (exchange: Exchange): boolean => {
    const { request, response } = exchange;
    const { headers, status } = response;
    // 206 and 304 are about a body that was not compressed; 1xx and 204 have none.
    if (exchange.answered || status < 200 || status === 204 || status === 205 || status === 206) return false;
    const type = mediaTypeOf(headers.get('content-type'));
    // A 304 has no type; what a cache keys its answers by, it must say like the 200 (RFC 9110 15.4.5).
    if (status !== 304 && (!compresses(type) || isStream(type))) return false;
    if (headers.has('content-encoding') || headers.has('content-range')) return false;
    // RFC 9111 5.2.2.6: "an intermediary … MUST NOT transform the content".
    if (/(?:^|[,\s])no-transform(?:[,\s]|$)/i.test(headers.get('cache-control') ?? '')) return false;
    if (!credentialed && (headers.has('set-cookie') || isCredentialed(exchange))) return false;
    const length = headers.get('content-length');
    return request.method === 'HEAD' || length === undefined || Number(length) >= minSize;
  };

  return {
    onResponse: (exchange) => {
      if (!mayCompress(exchange)) return;
      const { request, response } = exchange;
      const { headers } = response;
      addVary(headers);
      const coding = chooseCoding(request.headers.get('accept-encoding'), codings);
      if (coding === null || request.method === 'HEAD' || response.status === 304 || active >= MaxActive) return;
      const streams = !headers.has('content-length');
      headers.set('Content-Encoding', coding);
      weaken(headers);
      active++;
      exchange.transformBody(new Compressor(coding, levels.get(coding)!, streams, () => void active--));
    },
  };
}

/** Whoever reads these waits for each piece. */
function isStream(type: string): boolean {
  return type === 'text/event-stream' || type.startsWith('application/grpc');
}

function isCredentialed({ identity, request: { headers } }: Exchange): boolean {
  return identity !== null || headers.has('cookie') || headers.has('authorization');
}

function addVary(headers: HeaderView): void {
  const vary = headers.get('vary');
  if (vary === undefined || !/(?:^|,)\s*(?:accept-encoding|\*)\s*(?:,|$)/i.test(vary))
    headers.add('Vary', 'Accept-Encoding');
}

/** What was said of the bytes that were. RFC 9110 8.8.1: a strong validator changes with the content coding. */
function weaken(headers: HeaderView): void {
  const etag = headers.get('etag');
  if (etag !== undefined && !etag.startsWith('W/')) headers.set('ETag', `W/${etag}`);
  for (const name of ['accept-ranges', 'content-md5', 'digest', 'content-digest', 'repr-digest']) headers.remove(name);
}
