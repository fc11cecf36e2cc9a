/** URL rewrites (Gateway API's HTTPURLRewriteFilter, and GatewayRoute's ReplaceRegularExpression). */
import type { PathRewrite } from '../path-rewrite.ts';

export interface RewriteConfig {
  readonly hostname?: string;
  readonly path?: PathRewrite;
}
