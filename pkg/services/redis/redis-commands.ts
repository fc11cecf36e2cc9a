/** Commands to the pod's Redis, and their figures. Each is answered, or refused within half a second, whatever Redis does. */
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RedisQuestion, RedisReply } from '../../policy/feeds.ts';
import type { Clock } from '../../store/clock.ts';
import type { Series } from '../../telemetry/series.ts';
import { AskError } from '../ask-error.ts';
import type { RedisLink } from './redis-link.ts';

export interface RedisCommands {
  /** Rejects with an `AskError`: `unavailable`, `overloaded`, or `failed` with what Redis says. */
  run(question: RedisQuestion): Promise<RedisReply>;
  series(): readonly Series[];
}

/** Commands that wait for a reply. */
const MaxPending = 10_000;
/** Timeouts one after the other, after which a sign of life is due at once. */
const MaxTimeouts = 5;
/** First words of replies by which a server says that it cannot serve now, whatever is asked. */
const elsewhere = /^(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOAUTH|NOREPLICAS|BUSY|MISCONF|TRYAGAIN)\b/;

/** @param link null: none is configured */
export function createRedisCommands(link: () => RedisLink | null, clock: Clock): RedisCommands {
  const results = { answered: 0, failed: 0, unavailable: 0 };
  const shas = new Map<string, string>();
  let seconds = 0;
  let pending = 0;
  let timeouts = 0;

  async function send(client: Redis, question: RedisQuestion): Promise<RedisReply> {
    if (question.kind === 'command') return (await client.call(question.name, ...question.args)) as RedisReply;
    const { script, keys, args } = question;
    const rest = [keys.length, ...keys, ...args];
    try {
      return (await client.call('EVALSHA', shaOf(script), ...rest)) as RedisReply;
    } catch (error) {
      if (!isReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      // Redis was restarted, or never saw it.
      return (await client.call('EVAL', script, ...rest)) as RedisReply;
    }
  }

  function shaOf(script: string): string {
    const known = shas.get(script) ?? hash('sha1', script, 'hex');
    shas.set(script, known);
    return known;
  }

  function failureOf(error: unknown, used: RedisLink): AskError {
    const message = Error.isError(error) ? error.message : String(error);
    if (isReply(error) && !elsewhere.test(message)) return new AskError('failed', message);
    if (message === 'Command timed out' && ++timeouts >= MaxTimeouts) used.check();
    // A replica, as after a failover: perhaps another of the URLs takes writes.
    if (message.startsWith('READONLY') || message.startsWith('MASTERDOWN')) used.drop(message);
    return new AskError('unavailable', `Redis is not available: ${message}`);
  }

  return {
    async run(question) {
      const used = link();
      const client = used?.client ?? null;
      if (used === null || client === null) {
        results.unavailable++;
        const why = used?.failure ?? 'none is configured in spec.dataPlane.redis of the GatewayClassConfig';
        throw new AskError('unavailable', `Redis is not available: ${why}`);
      }
      if (pending >= MaxPending) {
        results.unavailable++;
        throw new AskError('overloaded', `${MaxPending} commands wait for Redis`);
      }
      pending++;
      const began = clock.now();
      try {
        const reply = await send(client, question);
        results.answered++;
        timeouts = 0;
        seconds += (clock.now() - began) / 1000;
        return reply;
      } catch (error) {
        const failure = failureOf(error, used);
        results[failure.code === 'failed' ? 'failed' : 'unavailable']++;
        throw failure;
      } finally {
        pending--;
      }
    },
    series() {
      const used = link();
      if (used === null) return [];
      const gauge = (name: string, help: string, value: number): Series => ({
        name,
        help,
        type: 'gauge',
        samples: [[{}, value]],
      });
      return [
        gauge('suuupra_redis_up', '1 while Redis answers.', Number(used.client !== null)),
        gauge('suuupra_redis_latency_seconds', 'How long the last sign of life took.', used.latency / 1000),
        gauge('suuupra_redis_commands_pending', 'Commands that wait for a reply.', pending),
        {
          name: 'suuupra_redis_commands_total',
          help: 'Commands; failed: refused by Redis; unavailable: not answered.',
          type: 'counter',
          samples: Object.entries(results).map(([result, value]) => [{ result }, value]),
        },
        {
          name: 'suuupra_redis_command_seconds_total',
          help: 'Time until commands were answered, summed.',
          type: 'counter',
          samples: [[{}, seconds]],
        },
      ];
    },
  };
}

/** An error that Redis replied, not one of the connection. */
function isReply(error: unknown): error is Error {
  return Error.isError(error) && error.name === 'ReplyError';
}
