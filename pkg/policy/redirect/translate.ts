/** Control-plane half of redirects: the RequestRedirect filter, and an Ingress' sslRedirect. */

import type { HTTPRequestRedirectFilter } from '../../api/httproute.ts';
import { translatePath } from '../path-translation.ts';
import { isProblems, type Translated } from '../translated.ts';
import type { RedirectConfig } from './schema.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateRedirect(spec: HTTPRequestRedirectFilter, path: string): Translated<RedirectConfig> {
  const { scheme, hostname, port, statusCode: status } = spec;
  const rewrite = spec.path === undefined ? undefined : translatePath(spec.path, `${path}.path`);
  if (rewrite !== undefined && isProblems(rewrite)) return rewrite;
  return {
    ...(scheme !== undefined && { scheme }),
    ...(hostname !== undefined && { hostname: hostname.toLowerCase() }),
    ...(port !== undefined && { port }),
    ...(rewrite !== undefined && { path: rewrite }),
    status,
    exemptPrefixes: [],
  };
}

/** From HTTP to HTTPS on the well-known port; certificate issuers must reach their challenge without TLS (RFC 8555 8.3). */
export function translateSslRedirect(): RedirectConfig {
  return { scheme: 'https', status: 308, exemptPrefixes: ['/.well-known/acme-challenge/'] };
}
