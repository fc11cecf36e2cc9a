/**
 * One connection to Redis that is kept alive: made anew when it ends, hangs or leads to a server that takes no writes. What it is used for
 * fails at once while there is none. ioredis's own reconnection asks neither the egress guard nor another server.
 */
import { isIP } from 'node:net';
import type { Redis, RedisOptions } from 'ioredis';
import type { Clock } from '../../store/clock.ts';
import { Denied, type EgressGuard } from '../../upstream/egress.ts';

/** How to reach Redis; what `Settings.redis` refers to is in it. */
export interface RedisConfig {
  /** `redis://host:port/database` or `rediss://…`, tried in turn: the first that answers is used. */
  readonly urls: readonly string[];
  /** `''`: that of Redis itself, `default`. */
  readonly username: string;
  /** `''`: none. */
  readonly password: string;
  /** PEM; null for the CAs of the system. */
  readonly authority: string | null;
}

export interface RedisLinkEnv {
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly guard: EgressGuard;
}

export interface RedisLinkEvents {
  readonly onUp?: (client: Redis) => void;
  /** It had been up. */
  readonly onDown?: () => void;
}

export interface RedisLink {
  /** null while there is no connection that answers. */
  readonly client: Redis | null;
  /** Why there is none. */
  readonly failure: string;
  /** Milliseconds that the last sign of life took. */
  readonly latency: number;
  /** Commands time out: asks for a sign of life now. */
  check(): void;
  /** Gives the connection up for a new one. */
  drop(why: string): void;
  close(): void;
}

/** Milliseconds. A command that takes longer is not worth a request's wait. */
const CommandTimeout = 400;
const ConnectTimeout = 1000;
/** Between two signs of life: a peer that was paused or cut off says nothing by itself. */
const Heartbeat = 1000;
const FirstPause = 50;
const LongestPause = 2000;

export function openRedisLink(config: RedisConfig, env: RedisLinkEnv, events: RedisLinkEvents = {}): RedisLink {
  const { clock, random, guard } = env;
  let client: Redis | null = null;
  let candidate: Redis | null = null;
  let failure = 'it is not connected yet';
  let latency = 0;
  let attempts = 0;
  let pause = FirstPause;
  let cancelTimer: () => void = () => undefined;
  let beating = false;
  let closed = false;

  async function connect(): Promise<void> {
    const url = new URL(config.urls[attempts % config.urls.length] ?? '');
    const turn = Math.floor(attempts++ / config.urls.length);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // Loaded when it is needed: most gateways have no Redis, and it is 10 MB.
    const ioredis = await import('ioredis');
    const addresses = await guard.resolve(host).catch(() => []);
    if (closed) return;
    if (addresses === Denied) return failed(`${host} leads to no address that the gateway may ask`);
    const address = addresses[turn % addresses.length];
    if (address === undefined) return failed(`${host} has no address`);
    const next = new ioredis.Redis(optionsFor(config, url, host, address));
    candidate = next;
    // What is wrong comes from `connect` and commands, too; without a listener it would be printed.
    next.on('error', (error: Error) => (failure = `${url.host}: ${error.message}`));
    next.once('end', () => lost(next, failure || `${url.host} closed the connection`));
    try {
      await next.connect();
      // Also says whether it is still loading its data, and whether the password is right.
      await next.ping();
    } catch (error) {
      return lost(next, `${url.host}: ${textOf(error)}`);
    }
    if (candidate !== next) return;
    candidate = null;
    client = next;
    failure = '';
    pause = FirstPause;
    beatLater(next);
    events.onUp?.(next);
  }

  function beatLater(of: Redis): void {
    cancelTimer();
    cancelTimer = clock.after(Heartbeat, () => void beat(of));
  }

  async function beat(of: Redis): Promise<void> {
    cancelTimer();
    beating = true;
    const began = clock.now();
    try {
      // If this thread was held up, the timeout comes before the reply that has long been there: the second try tells.
      await of.ping().catch(() => of.ping());
    } catch (error) {
      lost(of, `no sign of life: ${textOf(error)}`);
      return;
    } finally {
      beating = false;
    }
    latency = clock.now() - began;
    if (client === of) beatLater(of);
  }

  /** The connection is over, whoever noticed it first. */
  function lost(which: Redis, why: string): void {
    if (which !== client && which !== candidate) return;
    const wasUp = which === client;
    client = null;
    candidate = null;
    which.disconnect();
    // A peer that hangs would never end it from its side.
    which.stream?.destroy();
    failed(why);
    if (wasUp) events.onDown?.();
  }

  function failed(why: string): void {
    failure = why;
    cancelTimer();
    if (closed) return;
    cancelTimer = clock.after(pause * (0.5 + 0.5 * random()), () => void connect());
    pause = Math.min(LongestPause, pause * 2);
  }

  void connect();
  return {
    get client() {
      return client;
    },
    get failure() {
      return failure;
    },
    get latency() {
      return latency;
    },
    check() {
      if (client !== null && !beating) void beat(client);
    },
    drop(why) {
      if (client !== null) lost(client, why);
    },
    close() {
      closed = true;
      cancelTimer();
      for (const each of [client, candidate]) {
        each?.disconnect();
        each?.stream?.destroy();
      }
      client = null;
      candidate = null;
    },
  };
}

function optionsFor(config: RedisConfig, url: URL, host: string, address: string) {
  const { username, password, authority } = config;
  return {
    host: address,
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1)),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(url.protocol === 'rediss:' && {
      tls: { ...(isIP(host) === 0 && { servername: host }), ...(authority !== null && { ca: authority }) },
    }),
    // Every server and proxy speaks it, and replies have one shape.
    protocol: 2,
    lazyConnect: true,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
    enableAutoPipelining: true,
    commandTimeout: CommandTimeout,
    connectTimeout: ConnectTimeout,
  } satisfies RedisOptions;
}

function textOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}
