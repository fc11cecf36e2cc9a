/** All feeds and answers, by kind: the one registry of the services thread. */
import type { Answers, FeedKind, JwksFeed, Question, QuestionKind } from '../policy/feeds.ts';
import { type Clock, systemClock } from '../store/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { createEgressGuard, createResolver, type Resolve } from '../upstream/egress.ts';
import { type BreakerOptions, createBreakers } from './breakers.ts';
import type { Asking, FeedSource, FeedStart, RunningFeed } from './feed.ts';
import { loggedMeter } from './feed-log.ts';
import { createFeedMeters, type FeedMeters, type MeteredKind } from './feed-meters.ts';
import { startDiscovery } from './feeds/discovery.ts';
import { createDocuments, type Documents } from './feeds/documents.ts';
import { type GeoipEnv, startGeoip } from './feeds/geoip.ts';
import { startJwks } from './feeds/jwks.ts';
import type { FreshEnv } from './feeds/keep-fresh.ts';
import { startRedisChannel } from './feeds/redis-channel.ts';
import { createHttpClient } from './http-client.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { askHttp, type HttpTools } from './questions/http.ts';
import { createSharedAnswers } from './questions/shared-answers.ts';
import { createRedis, type SharedRedis } from './redis/redis.ts';

/** What feeds and answers use. */
interface Tools {
  readonly documents: Documents;
  readonly fresh: Omit<FreshEnv, 'meter'>;
  readonly meters: FeedMeters;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly passwords: Passwords;
  readonly http: HttpTools;
  readonly redis: SharedRedis;
  readonly geoip: GeoipEnv;
}

const starts: { readonly [K in FeedKind]: (start: FeedStart<K>, tools: Tools) => RunningFeed } = {
  jwks: (start, tools) =>
    metered('jwks', sourceOf(start.config), tools, (env) => startJwks(start, tools.documents, env)),
  discovery: (start, tools) =>
    metered('discovery', start.config.issuer, tools, (env) => startDiscovery(start, tools.documents.load, env)),
  redisChannel: (start, { redis }) => startRedisChannel(start, redis),
  geoip: (start, { geoip }) => startGeoip(start, geoip),
};

const answers: {
  readonly [K in QuestionKind]: (
    question: Question<K>['question'],
    asking: Asking,
    tools: Tools,
  ) => Promise<Answers[K]>;
} = {
  refresh: async (feed, { running }) => (await running(feed)?.refresh()) ?? false,
  password: (question, { signal }, { passwords }) => passwords.matches(question, signal),
  http: (question, asking, { http }) => askHttp(question, asking, http),
  redis: (question, _asking, { redis }) => redis.run(question),
};

export interface FeedSourceOptions {
  readonly clock: Clock;
  readonly wallClock: () => number;
  readonly random: () => number;
  readonly resolve: Resolve;
  /** Of one fetch of a feed, all its documents together, in milliseconds. */
  readonly timeout: number;
  readonly breakers: BreakerOptions;
  /** `--geoip-database`; null without it. */
  readonly geoipDatabase: string | null;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

const FetchTimeout = 5000;

export function createFeedSource(options: Partial<FeedSourceOptions> = {}): FeedSource {
  const { clock = systemClock, wallClock = Date.now, random = Math.random, timeout = FetchTimeout } = options;
  const { geoipDatabase = null, log = { info() {}, warn() {} } } = options;
  const { resolve = createResolver() } = options;
  const client = createHttpClient();
  const meters = createFeedMeters(wallClock);
  const passwords = createPasswords({ entry: passwordThread(), clock });
  const breakers = createBreakers(options.breakers);
  const redis = createRedis({ clock, wallClock, random });
  let configured = { egress: '', redis: '' };
  const tools: Tools = {
    documents: createDocuments(client),
    fresh: { clock, wallClock, random, timeout },
    meters,
    log,
    passwords,
    http: { client, breakers, shared: createSharedAnswers(clock) },
    redis,
    geoip: { file: geoipDatabase, clock, log },
  };

  return {
    start: (kind, start) => starts[kind](start, tools),
    answer: ({ kind, question }, asking) => answers[kind](question, asking, tools),
    configure({ egress, redis: config }) {
      const guard = createEgressGuard(egress, { resolve });
      const texts = { egress: JSON.stringify(egress), redis: JSON.stringify([egress, config]) };
      if (texts.egress !== configured.egress) client.setGuard(guard);
      // Whoever may say which names are used has named this one.
      const anyName = createEgressGuard({ ...egress, allowedHostnames: [] }, { resolve });
      if (texts.redis !== configured.redis) redis.configure(config, anyName);
      configured = texts;
    },
    series: () => [...meters.series(), ...breakers.series(), ...redis.series()],
    close() {
      passwords.close();
      redis.close();
      return client.close();
    },
  };
}

function metered(
  kind: MeteredKind,
  source: string,
  { fresh, meters, log }: Tools,
  start: (env: FreshEnv) => RunningFeed,
): RunningFeed {
  const meter = loggedMeter(meters.open(kind, source), kind, source, log);
  const running = start({ ...fresh, meter });
  return {
    refresh: () => running.refresh(),
    close() {
      running.close();
      meter.close();
    },
  };
}

/** What metrics call it: never the whole URL, which may hold a secret. */
function sourceOf({ source }: JwksFeed): string {
  switch (source.kind) {
    case 'discovery':
      return source.issuer;
    case 'cluster':
      return source.cluster;
    case 'uri':
      return URL.parse(source.uri)?.host ?? 'invalid';
    default:
      return source satisfies never;
  }
}

/** In the tree this file stands beside it; in a bundle its code is part of an entry, in `cmd` or in `pkg/worker`, or of what several share. */
function passwordThread(): URL {
  const self = import.meta.url;
  const folder = /\/(?:cmd|chunks)\/[^/]+$/.test(self) ? '../pkg/services' : '../services';
  return new URL(`${folder}/password-thread${self.slice(self.lastIndexOf('.'))}`, self);
}
