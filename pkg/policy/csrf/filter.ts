/**
 * Data-plane half of CSRF, by what browsers say of themselves (fetch metadata, Origin), without tokens: the algorithm of Go's
 * http.CrossOriginProtection, with Referer for browsers that say neither, and the scheme, which Go cannot know.
 */
import { originMatcher } from '../origins.ts';
import type { RequestView, RuntimeFilter } from '../runtime.ts';
import type { CsrfConfig } from './schema.ts';

/** RFC 9110 9.2.1. They change nothing, so forging one brings nothing. */
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export function createCsrf(config: CsrfConfig): RuntimeFilter {
  const isAdditional = originMatcher(config);

  const passes = (request: RequestView): boolean => {
    const { headers } = request;
    // A WebSocket begins with a GET, and with the cookies: any page may open one.
    if (safe.has(request.method) && !headers.has('upgrade')) return true;
    const origin = headers.get('origin');
    if (origin !== undefined && isAdditional(origin)) return true;
    // Fetch Metadata: no page can set it, and no browser leaves it out on a secure connection. `none` is the user: an address bar, a bookmark.
    const site = headers.get('sec-fetch-site');
    if (site !== undefined)
      return site === 'same-origin' || site === 'none' || (config.sameSite && site === 'same-site');
    if (origin !== undefined) return isSameOrigin(origin, request);
    const referer = headers.get('referer');
    if (referer !== undefined) return isSameOrigin(referer, request) || isAdditional(originOf(referer));
    // No browser of the last years sends none of the three. Without a cookie there is nothing that a forged request could use.
    return !headers.has('cookie');
  };

  return {
    onRequest: (exchange) => {
      if (!passes(exchange.request)) exchange.deny('origin-denied');
    },
  };
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? '';
}

/** Whether a URL is of the origin that this request is for. */
function isSameOrigin(text: string, { scheme, host, hostPort }: RequestView): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  // A page that came over plain http may be anybody's who sits on the way. The other way round TLS ended at a proxy before us.
  if (scheme === 'https' && url.protocol === 'http:') return false;
  const usual = url.protocol === 'https:' ? 443 : 80;
  const port = url.port === '' ? usual : Number(url.port);
  return hostOf(url) === host && port === (hostPort === 0 ? usual : hostPort);
}

function hostOf({ hostname }: URL): string {
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}
