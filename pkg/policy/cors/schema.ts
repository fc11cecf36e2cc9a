/** CORS: what users write (Gateway API's HTTPCORSFilter), and what a worker needs of it. */

/** Decided in translate: wildcards split off and lists joined, so the filter compares and copies but never parses. */
export interface CorsConfig {
  readonly origins: readonly string[];
  /** `https://*.example.com` as `['https://', '.example.com']`. */
  readonly wildcards: readonly (readonly [prefix: string, suffix: string])[];
  readonly anyOrigin: boolean;
  readonly credentials: boolean;
  /** `null` = answer with whatever the browser asked for (`*` together with credentials). */
  readonly methods: string | null;
  readonly headers: string | null;
  readonly expose: string;
  readonly maxAge: string;
}
