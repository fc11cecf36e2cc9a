/** What a feed and an answer are in the services thread; `feeds/` has one file for each kind. */
import type { EgressSettings } from '../ir/settings.ts';
import type { Answers, Feed, FeedKind, FeedValues, Question, QuestionKind } from '../policy/feeds.ts';
import type { Series } from '../telemetry/series.ts';
import type { ClusterAnswer, ClusterCall } from './channel.ts';
import type { RedisConfig } from './redis/redis-link.ts';

/** A feed while somebody wants it. */
export interface RunningFeed {
  /** Looks again, unless it has looked a moment ago. Resolves with whether the value is fresh; never rejects. */
  refresh(): Promise<boolean>;
  close(): void;
}

/** Sends a request to a cluster, through a worker. Rejects with an Error whose message says why, at the latest when the signal is aborted. */
export type CallCluster = (call: ClusterCall, signal: AbortSignal) => Promise<ClusterAnswer>;

/** How a feed is started. */
export interface FeedStart<K extends FeedKind> {
  readonly config: Feed<K>['config'];
  /** A value that a worker still holds from a services thread before this one; undefined if nobody has any. */
  readonly last: FeedValues[K] | undefined;
  /** Never called from within the start itself. */
  readonly publish: (value: FeedValues[K]) => void;
  readonly call: CallCluster;
}

/** Who asks. */
export interface Asking {
  /** Milliseconds that the asker waits. */
  readonly timeout: number;
  /** Aborted when they are over, or the asker has ended (then its reason is an `AskError`). */
  readonly signal: AbortSignal;
  /** The feed that runs for this configuration, if somebody watches it. */
  readonly running: (feed: Feed) => RunningFeed | undefined;
}

export interface FeedSource {
  start<K extends FeedKind>(kind: K, start: FeedStart<K>): RunningFeed;
  /**
   * Rejects with an `AskError`; any other error is a bug and becomes `failed`.
   */
  answer<K extends QuestionKind>(question: Question<K>, asking: Asking): Promise<Answers[K]>;
  /** Nothing is dialled before the first of them. */
  configure(settings: ServicesSettings): void;
  series(): readonly Series[];
  close(): Promise<void>;
}

/** What of the configuration the services thread obeys. */
export interface ServicesSettings {
  readonly egress: EgressSettings;
  /** null: none. */
  readonly redis: RedisConfig | null;
}
