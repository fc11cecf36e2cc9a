/** Who is asking: what authentication found, for authorization, rate limits, transforms, logs and metrics. */

export interface Identity {
  /** Type of the method that found it: `JWT`, `APIKey`, … */
  readonly method: string;
  /** Name of the method in the policy. */
  readonly provider: string;
  /** Stable name within its provider; never empty. */
  readonly subject: string;
  /** `''` if the credential says none. */
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** All the credential says: claims of a token, metadata of an API key, fields of a certificate. */
  readonly claims: Readonly<Record<string, unknown>>;
}
