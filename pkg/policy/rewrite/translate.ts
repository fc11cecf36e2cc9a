/** Control-plane half of URL rewrites. */

import type { GatewayRouteURLRewrite } from '../../api/gatewayroute.ts';
import { translatePath } from '../path-translation.ts';
import { isProblems, type Translated } from '../translated.ts';
import type { RewriteConfig } from './schema.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateRewrite(spec: GatewayRouteURLRewrite, path: string): Translated<RewriteConfig> {
  const rewrite = spec.path === undefined ? undefined : translatePath(spec.path, `${path}.path`);
  if (rewrite !== undefined && isProblems(rewrite)) return rewrite;
  return {
    ...(spec.hostname !== undefined && { hostname: spec.hostname.toLowerCase() }),
    ...(rewrite !== undefined && { path: rewrite }),
  };
}
