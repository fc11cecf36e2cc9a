/** JWT: what a worker needs of it. */

export interface JwtConfig {
  /** Compared with `iss`; `''` accepts any. */
  readonly issuer: string;
}

/** Where a token is looked for, in this order. */
export interface TokenLocations {
  /** Lower case. */
  readonly headers: readonly { readonly name: string; readonly prefix: string }[];
  readonly cookies: readonly string[];
  readonly params: readonly string[];
  /** What stands before the token in a WebSocket subprotocol; `''`: not looked for. */
  readonly webSocketPrefix: string;
}
