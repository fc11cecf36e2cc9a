/**
 * What filters get from the services thread: types only, since they stand on both sides of it.
 * A feed is a value that is kept fresh (and is wanted as long as somebody watches); a question is asked once.
 * `services/feeds/` has one file for each.
 */

/** What each feed is made from. A feed is the same for all who give the same configuration. */
export interface FeedConfigs {
  readonly geoip: GeoipFeed;
  readonly jwks: JwksFeed;
  readonly discovery: DiscoveryFeed;
  readonly redisChannel: RedisChannelFeed;
}

export interface FeedValues {
  readonly geoip: GeoipValue;
  readonly jwks: JwksValue;
  readonly discovery: DiscoveryValue;
  readonly redisChannel: RedisChannelValue;
}

export type FeedKind = keyof FeedConfigs;
export interface Feed<K extends FeedKind = FeedKind> {
  readonly kind: K;
  readonly config: FeedConfigs[K];
}

export interface Questions {
  /** Asks a feed to look again: an unknown key id. Answered when that is done, or refused by its cooldown. */
  readonly refresh: Feed;
  /** Whether a password is the one that a hash was made of. Hashing takes long, so that the services thread has another one for it. */
  readonly password: PasswordQuestion;
  /** A request of the gateway's own: no redirect is followed, the egress guard is asked. Every status is an answer. */
  readonly http: HttpQuestion;
  /** A command to the Redis of `Settings.redis`. Rejects within half a second if that is gone. */
  readonly redis: RedisQuestion;
}

export interface Answers {
  readonly refresh: boolean;
  readonly password: boolean;
  readonly http: HttpAnswer;
  readonly redis: RedisReply;
}

/** `code` of the Error with which an `ask` rejects. */
export type AskFailure =
  /** The services thread died; it is being restarted. */
  | 'services-gone'
  | 'timeout'
  /** No absolute https URL. */
  | 'url-invalid'
  /** Refused by the egress guard. */
  | 'egress-denied'
  /** No connection, no TLS, or it broke before the answer was there. */
  | 'connect-failed'
  | 'response-invalid'
  | 'response-too-large'
  /** It failed several times just now, and is not asked for a moment. */
  | 'breaker-open'
  /** Too many wait for it. */
  | 'overloaded'
  /** Redis: none is configured, or it does not answer. */
  | 'unavailable'
  /** Anything else; the message says what. */
  | 'failed';

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

/** How something is fetched again and again. */
export interface Freshness {
  /** PEM; null for the CAs of the system. */
  readonly authority: string | null;
  /** Milliseconds until it is fetched again; a little earlier, so that replicas do not all ask at once. */
  readonly cacheDuration: number;
  /** Milliseconds past `cacheDuration` for which the last good value is used while fetching fails. */
  readonly maxStale: number;
  /** Plain http too: only for what a backendRef names, or beside a directory. Default false. */
  readonly insecure?: boolean;
}

/** Keys of an issuer (RFC 7517), fetched. */
export interface JwksFeed extends Freshness {
  /** Of the key set; of the issuer, whose discovery document names it (OpenID Connect Discovery 4); or of the backend that serves the key set. */
  readonly source:
    | { readonly kind: 'uri'; readonly uri: string }
    | { readonly kind: 'discovery'; readonly issuer: string }
    | ({ readonly kind: 'cluster' } & ClusterPlace);
}

/** A resource of a backend. Only workers reach clusters: one of those that watch the feed is asked to fetch it. */
export interface ClusterPlace {
  /** Id in `Ir.clusters`. */
  readonly cluster: string;
  readonly authority: string;
  /** With the query. */
  readonly path: string;
}

/** Something fetched, or why not. It is published at once, with `failure`, if the first try fails. */
export interface Fetched {
  /** ms since the epoch of the last success; 0 before. */
  readonly fetchedAt: number;
  /** Why the last try failed; `''` after a success. */
  readonly failure: string;
}

export interface JwksValue extends Fetched {
  /** Public keys as they came, those that cannot be used left out; null: there are none (yet, or too old): 503. */
  readonly keys: readonly Readonly<Record<string, unknown>>[] | null;
}

/** What an OpenID provider says of itself (OpenID Connect Discovery 4). */
export interface DiscoveryFeed extends Freshness {
  /** As the document must spell it, byte for byte. */
  readonly issuer: string;
}

export interface DiscoveryValue extends Fetched {
  /** null: there is none (yet, or it is too old). */
  readonly provider: ProviderMetadata | null;
}

/** Members that gateways use; every URL was checked as those that users write are. */
export interface ProviderMetadata {
  readonly issuer: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly userinfo_endpoint?: string;
  readonly end_session_endpoint?: string;
  readonly introspection_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly jwks_uri?: string;
  readonly scopes_supported?: readonly string[];
  readonly code_challenge_methods_supported?: readonly string[];
  readonly token_endpoint_auth_methods_supported?: readonly string[];
  readonly id_token_signing_alg_values_supported?: readonly string[];
}

export interface PasswordQuestion {
  /** bcrypt, `$2y$10$…`, or Apache's MD5, `$apr1$…`. */
  readonly hash: string;
  /** At most 72 bytes: bcrypt reads no more, so that a longer one would be right as soon as it begins right. */
  readonly password: string;
}

/** To a cluster in the configuration goes `FilterEnv.call` instead. */
export interface HttpQuestion {
  readonly method: string;
  /** Absolute, https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Bytes of the answer's body; a longer one rejects. */
  readonly maxBody: number;
  /** PEM; null for the CAs of the system. */
  readonly authority: string | null;
  /** Plain http too, as in `Freshness`. Default false. */
  readonly insecure?: boolean;
  /**
   * What must be asked once only, such as a refresh token, which many providers take once: whoever asks with the same word at the same
   * time, or a few seconds later, gets the same answer, from whichever worker.
   */
  readonly once?: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

/** Messages on a channel of Redis, as PUBLISH sends them. Every value is handed on, in order. */
export interface RedisChannelFeed {
  readonly channel: string;
}

export interface RedisChannelValue {
  /** Another one: messages may have been missed, so what was remembered by them is forgotten. 0: never connected. */
  readonly epoch: number;
  /** false: messages are being missed. Noticed after 2 s at the latest if Redis hangs. */
  readonly connected: boolean;
  /** null: nothing was published, `epoch` or `connected` changed. */
  readonly message: string | null;
}

/** Keys begin with `suuupra:`, since Redis may be somebody else's, too. */
export type RedisQuestion =
  | { readonly kind: 'command'; readonly name: RedisCommand; readonly args: readonly (string | number)[] }
  /** Lua, whole: it is sent by its hash where Redis knows it. */
  | {
      readonly kind: 'script';
      readonly script: string;
      readonly keys: readonly string[];
      readonly args: readonly (string | number)[];
    };

export type RedisCommand =
  | 'DEL'
  | 'EXISTS'
  | 'GET'
  | 'GETDEL'
  | 'HGET'
  | 'HGETALL'
  | 'HMGET'
  | 'HSET'
  | 'PEXPIRE'
  | 'PUBLISH'
  | 'SET';

/** As RESP2 has it: HGETALL is a list of names and values in turn. */
export type RedisReply = string | number | null | readonly RedisReply[];
