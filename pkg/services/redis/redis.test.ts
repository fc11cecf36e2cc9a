/** The pod's Redis over a real server that is killed, paused and started anew: every command is answered or refused, and none hangs. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RedisChannelValue, RedisCommand, RedisReply } from '../../policy/feeds.ts';
import { systemClock } from '../../store/clock.ts';
import { testCertificates } from '../../testkit/certificates.ts';
import { type RedisServer, startRedis } from '../../testkit/redis.ts';
import { until } from '../../testkit/until.ts';
import { createEgressGuard } from '../../upstream/egress.ts';
import type { AskError } from '../ask-error.ts';
import { testEgress } from '../provider.testing.ts';
import { createRedis, type SharedRedis } from './redis.ts';
import type { RedisConfig } from './redis-link.ts';

let cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const resolve = async () => ['127.0.0.1'];
const guard = createEgressGuard(testEgress, { resolve });
const strict = createEgressGuard({ ...testEgress, allowLoopback: false }, { resolve });

async function serve(...args: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(...args);
  cleanups.push(() => server.kill());
  return server;
}

function configOf(urls: readonly string[], change: Partial<RedisConfig> = {}): RedisConfig {
  return { urls, username: '', password: '', authority: null, ...change };
}

function open(config: RedisConfig | null, egress = guard): SharedRedis {
  const redis = createRedis({ clock: systemClock, wallClock: Date.now, random: Math.random });
  redis.configure(config, egress);
  cleanups.push(() => redis.close());
  return redis;
}

const command = (redis: SharedRedis, name: RedisCommand, ...args: readonly (string | number)[]) =>
  redis.run({ kind: 'command', name, args });
/** The reply, or the code of the error. */
const outcome = (redis: SharedRedis, name: RedisCommand = 'GET', ...args: readonly (string | number)[]) =>
  command(redis, name, ...(args.length === 0 ? ['a'] : args)).catch((error: AskError) => error.code);
/** Until a command is refused for this reason. */
const expectRefused = (redis: SharedRedis, why: RegExp) =>
  until(async () =>
    why.test(
      await command(redis, 'GET', 'a').then(
        () => '',
        (error: AskError) => error.message,
      ),
    ),
  );
const metric = (redis: SharedRedis, name: string) =>
  redis.series().find((series) => series.name === `suuupra_redis_${name}`)?.samples[0]?.[1];
const up = (redis: SharedRedis) => until(() => metric(redis, 'up') === 1);
const down = (redis: SharedRedis) => until(() => metric(redis, 'up') === 0);

describe('commands', () => {
  test('are answered as RESP2 has it', async () => {
    const server = await serve();
    const redis = open(configOf([server.url]));
    await up(redis);
    const replies: RedisReply[] = [];
    replies.push(await command(redis, 'SET', 'suuupra:a', 'ä', 'PX', 60_000));
    replies.push(await command(redis, 'GET', 'suuupra:a'), await command(redis, 'GET', 'suuupra:none'));
    replies.push(
      await command(redis, 'HSET', 'suuupra:h', 'x', '1', 'y', '2'),
      await command(redis, 'HGETALL', 'suuupra:h'),
    );
    replies.push(await command(redis, 'HMGET', 'suuupra:h', 'x', 'z'));
    expect(replies).toEqual(['OK', 'ä', null, 2, ['x', '1', 'y', '2'], ['1', null]]);
    await expect(command(redis, 'GET', 'suuupra:h')).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^WRONGTYPE/),
    });
  });

  test('may be scripts, which a server that was restarted learns anew', async () => {
    const server = await serve();
    const redis = open(configOf([server.url]));
    const script = "return {KEYS[1], redis.call('INCRBY', KEYS[1], ARGV[1])}";
    const run = () => redis.run({ kind: 'script', script, keys: ['suuupra:n'], args: [2] });
    await up(redis);
    expect([await run(), await run()]).toEqual([
      ['suuupra:n', 2],
      ['suuupra:n', 4],
    ]);
    await server.kill();
    await down(redis);
    await server.start();
    await up(redis);
    expect(await run()).toEqual(['suuupra:n', 2]);
  });

  test('say who asks', async () => {
    const server = await serve('--user', ...'default off --user gateway on >pass ~suuupra:* &* +@all'.split(' '));
    const redis = open(configOf([server.url], { username: 'gateway', password: 'pass' }));
    await up(redis);
    expect(await outcome(redis, 'SET', 'suuupra:a', '1')).toBe('OK');
    expect(await outcome(redis, 'SET', 'other', '1')).toBe('failed');
    const stranger = open(configOf([server.url], { username: 'gateway', password: 'wrong' }));
    await expectRefused(stranger, /WRONGPASS/);
  });

  test('go over TLS to a server whose certificate is trusted, and to no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redis-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const { certificate, key } = testCertificates().default;
    const [cert, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(cert, certificate);
    writeFileSync(keyFile, key);
    const files = ['--tls-cert-file', cert, '--tls-key-file', keyFile, '--tls-auth-clients', 'no'];
    const server = await serve('--tls-port', '{port}', ...files);
    const urls = [`rediss://default.example:${server.port}`];
    const redis = open(configOf(urls, { authority: certificate }));
    await up(redis);
    expect(await outcome(redis, 'SET', 'a', '1')).toBe('OK');
    const distrustful = open(configOf(urls));
    await expectRefused(distrustful, /self-signed/);
    const mistaken = open(configOf([`rediss://other.example:${server.port}`], { authority: certificate }));
    await expectRefused(mistaken, /altnames/);
  });
});

describe('no Redis', () => {
  test('is configured: said so, without a metric', async () => {
    const redis = open(null);
    await expect(command(redis, 'GET', 'a')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('spec.dataPlane.redis'),
    });
    expect(redis.series()).toEqual([]);
  });

  test('may be asked where the egress guard denies it', async () => {
    const server = await serve();
    const redis = open(configOf([server.url]), strict);
    await expectRefused(redis, /no address that the gateway may ask/);
  });

  test('is there at first, and is found as soon as it is', async () => {
    const server = await serve();
    await server.kill();
    const redis = open(configOf([server.url]));
    expect(await outcome(redis)).toBe('unavailable');
    await server.start();
    await up(redis);
    expect(await outcome(redis)).toBeNull();
  });
});

/** Asks again and again, and counts what came of it, until it is ended. */
function load(redis: SharedRedis) {
  const seen = { answered: 0, unavailable: 0, other: [] as unknown[] };
  const ended = new AbortController();
  const one = async () => {
    while (!ended.signal.aborted) {
      const result = await outcome(redis, 'SET', 'suuupra:a', '1');
      if (result === 'OK') seen.answered++;
      else if (result === 'unavailable') seen.unavailable++;
      else seen.other.push(result);
      if (result !== 'OK') await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const all = Promise.all(Array.from({ length: 50 }, one));
  return {
    seen,
    async end() {
      ended.abort();
      await all;
      return seen;
    },
  };
}

describe('under load', () => {
  test('a server that is killed and started anew: refused meanwhile, answered again', async () => {
    const server = await serve();
    const redis = open(configOf([server.url]));
    await up(redis);
    const traffic = load(redis);
    await until(() => traffic.seen.answered > 100);
    await server.kill();
    await until(() => traffic.seen.unavailable > 100);
    await server.start();
    const { answered } = traffic.seen;
    await until(() => traffic.seen.answered > answered + 100);
    const seen = await traffic.end();
    expect(seen.other).toEqual([]);
  });

  test('a server that is paused: refused within a bounded time, then at once, answered again', async () => {
    const server = await serve();
    const redis = open(configOf([server.url]));
    await up(redis);
    const traffic = load(redis);
    await until(() => traffic.seen.answered > 100);
    server.pause();
    await down(redis);
    await until(() => traffic.seen.unavailable > 1000);
    server.resume();
    const { answered } = traffic.seen;
    await until(() => traffic.seen.answered > answered + 100);
    const seen = await traffic.end();
    expect(seen.other).toEqual([]);
    expect(metric(redis, 'commands_pending')).toBe(0);
  });

  test('a server that is paused while nobody asks is noticed, too', async () => {
    const server = await serve();
    const redis = open(configOf([server.url]));
    await up(redis);
    server.pause();
    await down(redis);
    expect(await outcome(redis)).toBe('unavailable');
    server.resume();
    await up(redis);
  });
});

test('of several servers the one that takes writes is used', async () => {
  const [primary, replica] = [await serve(), await serve()];
  const admin = open(configOf([replica.url]));
  await up(admin);
  // Not a command that filters have: sent as one all the same.
  const replicaof = (...args: string[]) => command(admin, 'REPLICAOF' as RedisCommand, ...args);
  await replicaof('127.0.0.1', `${primary.port}`);
  const redis = open(configOf([replica.url, primary.url]));
  await until(async () => (await outcome(redis, 'SET', 'suuupra:a', '1')) === 'OK');
  expect(await outcome(redis, 'GET', 'suuupra:a')).toBe('1');
});

test('another configuration is used at once', async () => {
  const [one, two] = [await serve(), await serve()];
  const redis = open(configOf([one.url]));
  await up(redis);
  await command(redis, 'SET', 'suuupra:a', 'one');
  redis.configure(configOf([two.url]), guard);
  await up(redis);
  expect(await outcome(redis, 'GET', 'suuupra:a')).toBeNull();
  redis.configure(null, guard);
  expect(await outcome(redis)).toBe('unavailable');
});

describe('channels', () => {
  function listen(redis: SharedRedis, channel = 'suuupra:revoked') {
    const values: RedisChannelValue[] = [];
    const subscription = redis.subscribe(channel, (value) => values.push(value));
    return { values, close: () => subscription.close(), last: () => values.at(-1) };
  }

  test('hand on each message, in order, to all who listen', async () => {
    const server = await serve();
    const redis = open(configOf([server.url]));
    await up(redis);
    const [one, two, other] = [listen(redis), listen(redis), listen(redis, 'suuupra:other')];
    expect(one.last()).toEqual({ epoch: 0, connected: false, message: null });
    await until(() => [one, two, other].every(({ last }) => last()?.connected === true));
    const epoch = one.last()?.epoch;
    for (const message of ['a', 'b', 'x'.repeat(70_000), 'c'])
      await command(redis, 'PUBLISH', 'suuupra:revoked', message);
    await until(() => two.last()?.message === 'c');
    const heard = one.values.flatMap(({ message }) => (message === null ? [] : [message]));
    expect(heard).toEqual(['a', 'b', 'c']);
    expect(one.last()).toEqual({ epoch, connected: true, message: 'c' });
    expect(two.values).toEqual(one.values);
    expect(other.last()?.message).toBeNull();
    one.close();
    await command(redis, 'PUBLISH', 'suuupra:revoked', 'd');
    await until(() => two.last()?.message === 'd');
    expect(one.last()?.message).toBe('c');
  });

  test.each(['killed', 'paused'] as const)('say when messages are missed because the server is %s', async (how) => {
    const server = await serve();
    const redis = open(configOf([server.url]));
    const { last } = listen(redis);
    await until(() => last()?.connected === true);
    const epoch = last()?.epoch ?? 0;
    if (how === 'killed') await server.kill();
    else server.pause();
    await until(() => last()?.connected === false);
    expect(last()).toEqual({ epoch, connected: false, message: null });
    if (how === 'killed') await server.start();
    else server.resume();
    await until(() => last()?.connected === true);
    expect(last()?.epoch).toBeGreaterThan(epoch);
  });

  test('that nobody listens to any more hold no connection', async () => {
    const server = await serve();
    const redis = open(configOf([server.url]));
    await up(redis);
    const { close, last } = listen(redis);
    await until(() => last()?.connected === true);
    close();
    const clients = async () =>
      String(await command(redis, 'CLIENT' as RedisCommand, 'LIST'))
        .trim()
        .split('\n');
    await until(async () => (await clients()).length === 1);
  });
});
