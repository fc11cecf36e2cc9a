/**
 * What filters get from the services thread: types only, since they stand on both sides of it.
 * A feed is a value that is kept fresh (and is wanted as long as somebody watches); a question is asked once.
 * `services/feeds/` has one file for each.
 */

/** What each feed is made from. A feed is the same for all who give the same configuration. */
export interface FeedConfigs {
  readonly geoip: GeoipFeed;
  readonly jwks: JwksFeed;
}

export interface FeedValues {
  readonly geoip: GeoipValue;
  readonly jwks: JwksValue;
}

export type FeedKind = keyof FeedConfigs;
export interface Feed<K extends FeedKind = FeedKind> {
  readonly kind: K;
  readonly config: FeedConfigs[K];
}

export interface Questions {
  /** Asks a feed to look again: an unknown key id. Answered when that is done, or refused by its cooldown. */
  readonly refresh: Feed;
}

export interface Answers {
  readonly refresh: boolean;
}

export type QuestionKind = keyof Questions;
export interface Question<K extends QuestionKind = QuestionKind> {
  readonly kind: K;
  readonly question: Questions[K];
}

/** The database that `--geoip-database` names: one for the process. */
export type GeoipFeed = Readonly<Record<string, never>>;

export interface GeoipValue {
  /** The whole file, shared by all threads; null: there is none, or it cannot be read. A file that broke leaves the last good one. */
  readonly database: SharedArrayBuffer | null;
  /** Why the last try failed; `''` after a success. */
  readonly failure: string;
}

/** Keys of an issuer (RFC 7517), fetched. */
export interface JwksFeed {
  /** Of the key set; or of the issuer, whose discovery document names it (OpenID Connect Discovery 4). */
  readonly source:
    | { readonly kind: 'uri'; readonly uri: string }
    | { readonly kind: 'discovery'; readonly issuer: string };
  /** PEM; null for the CAs of the system. */
  readonly authority: string | null;
  /** Milliseconds until it is fetched again. */
  readonly cacheDuration: number;
  /** Milliseconds that the last good keys are used while fetching fails. */
  readonly maxStale: number;
}

export interface JwksValue {
  /** Public keys as they came, those that cannot be used left out; null: there are none (yet, or too old): 503. */
  readonly keys: readonly Readonly<Record<string, unknown>>[] | null;
  /** ms since the epoch of the last success; 0 before. */
  readonly fetchedAt: number;
  /** Why the last try failed; `''` after a success. */
  readonly failure: string;
}
