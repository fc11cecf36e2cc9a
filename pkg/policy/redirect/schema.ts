/** Redirects (Gateway API's HTTPRequestRedirectFilter, and an Ingress' sslRedirect). */
import type { PathRewrite } from '../path-rewrite.ts';

export interface RedirectConfig {
  readonly scheme?: 'http' | 'https';
  readonly hostname?: string;
  /** Absent: the scheme's well-known port if `scheme` is given, else the listener's. */
  readonly port?: number;
  readonly path?: PathRewrite;
  readonly status: 301 | 302 | 303 | 307 | 308;
  /** Paths under these prefixes are not redirected: `/.well-known/acme-challenge/`. */
  readonly exemptPrefixes: readonly string[];
}
