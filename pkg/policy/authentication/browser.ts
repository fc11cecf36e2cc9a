/** What a request says of the browser behind it. */
import type { RequestView } from '../runtime.ts';

/** Longer ones are not worth a place in a cookie. */
const MAX_RETURN = 512;

/**
 * Whether a person looks at the answer. A script that is redirected to a login page gets HTML it cannot use, or an opaque error of CORS.
 */
export function isNavigation({ headers }: RequestView): boolean {
  const mode = headers.get('sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate';
  // Browsers without Fetch Metadata.
  if (headers.get('x-requested-with')?.toLowerCase() === 'xmlhttprequest') return false;
  return headers.get('accept')?.includes('text/html') ?? false;
}

/** `https://app.example.com:8443`, as the browser names it. */
export function originOf({ scheme, host, hostPort }: RequestView, external: 'http' | 'https' | null): string {
  const used = external ?? scheme;
  const usual = used === 'https' ? 443 : 80;
  return `${used}://${host}${hostPort === 0 || hostPort === usual ? '' : `:${hostPort}`}`;
}

/** Where a browser goes on after a login: a path of this host, never more. */
export function returnPath(request: RequestView, origin: string): string {
  const { method, forwardPath, query } = request;
  if (method === 'GET' || method === 'HEAD') return pathOnly(forwardPath + query);
  // The body of a form is lost, but the page that it stood on is not.
  const page = URL.parse(request.headers.get('referer') ?? '');
  return page?.origin === origin ? pathOnly(page.pathname + page.search) : '/';
}

// To a browser `//evil.test` and `/\evil.test` are other hosts.
function pathOnly(path: string): string {
  return path.length <= MAX_RETURN && /^\/(?![/\\])[!-[\]-~]*$/.test(path) ? path : '/';
}
