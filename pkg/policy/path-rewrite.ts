/** How redirects and URL rewrites change a path; shared by both, since policies never import each other. */

export type PathRewrite =
  | { readonly kind: 'ReplaceFullPath'; readonly value: string }
  | { readonly kind: 'ReplacePrefixMatch'; readonly value: string }
  /** RE2 pattern; the substitution knows `$1` to `$9`. */
  | { readonly kind: 'ReplaceRegularExpression'; readonly pattern: string; readonly substitution: string };
