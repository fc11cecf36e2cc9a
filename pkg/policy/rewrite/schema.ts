/** URL rewrites (Gateway API's HTTPURLRewriteFilter, and GatewayRoute's ReplaceRegularExpression). */

export type PathRewrite =
  | { readonly kind: 'ReplaceFullPath'; readonly value: string }
  | { readonly kind: 'ReplacePrefixMatch'; readonly value: string }
  /** RE2 pattern; the substitution knows `$1` to `$9`. */
  | { readonly kind: 'ReplaceRegularExpression'; readonly pattern: string; readonly substitution: string };

export interface RewriteConfig {
  readonly hostname?: string;
  readonly path?: PathRewrite;
}
