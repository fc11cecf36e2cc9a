/** JWT: what a worker needs of it. */

export interface JwtConfig {
  /** Compared with `iss`; `''` accepts any. */
  readonly issuer: string;
}
