/** Channels of Redis (SUBSCRIBE) over one connection of their own: a connection that has subscribed takes no commands. */
import type { Redis } from 'ioredis';
import type { RedisChannelValue } from '../../policy/feeds.ts';
import type { RedisLink, RedisLinkEvents } from './redis-link.ts';

export interface RedisChannels {
  /** @param tell told at once how things are, and then of each message and each change */
  subscribe(channel: string, tell: (value: RedisChannelValue) => void): { close(): void };
  /** Another Redis, or none, is used from now on. */
  renew(open: ((events: RedisLinkEvents) => RedisLink) | null): void;
  close(): void;
}

interface Channel {
  readonly listeners: Set<(value: RedisChannelValue) => void>;
  last: RedisChannelValue;
}

/** A longer message is none of ours. */
const MaxMessage = 65_536;

/** @param wallClock ms since the epoch: values of one life of the process must not look like those of another */
export function createRedisChannels(wallClock: () => number): RedisChannels {
  const channels = new Map<string, Channel>();
  let open: ((events: RedisLinkEvents) => RedisLink) | null = null;
  let link: RedisLink | null = null;
  let epoch = 0;

  function tell(name: string, value: RedisChannelValue): void {
    const channel = channels.get(name);
    if (channel === undefined) return;
    channel.last = value;
    for (const listener of channel.listeners) listener(value);
  }

  async function subscribeTo(client: Redis, name: string): Promise<void> {
    try {
      await client.subscribe(name);
    } catch (error) {
      // Without it the channel would be deaf and look well.
      if (link?.client === client) link.drop(Error.isError(error) ? error.message : String(error));
      return;
    }
    if (link?.client === client) tell(name, { epoch: nextEpoch(), connected: true, message: null });
  }

  function nextEpoch(): number {
    epoch = Math.max(epoch + 1, wallClock());
    return epoch;
  }

  function up(client: Redis): void {
    client.on('message', (name: string, message: string) => {
      const channel = channels.get(name);
      if (channel === undefined || message.length > MaxMessage || link?.client !== client) return;
      tell(name, { ...channel.last, message });
    });
    for (const name of channels.keys()) void subscribeTo(client, name);
  }

  function down(): void {
    for (const [name, { last }] of channels) tell(name, { ...last, connected: false, message: null });
  }

  function dial(): void {
    link = open?.({ onUp: up, onDown: down }) ?? null;
  }

  function hangUp(): void {
    link?.close();
    link = null;
  }

  return {
    subscribe(name, listener) {
      const known = channels.get(name);
      const channel: Channel = known ?? {
        listeners: new Set(),
        last: { epoch: 0, connected: false, message: null },
      };
      channel.listeners.add(listener);
      listener(channel.last);
      if (known === undefined) {
        channels.set(name, channel);
        const client = link?.client ?? null;
        if (link === null) dial();
        else if (client !== null) void subscribeTo(client, name);
      }
      return {
        close() {
          if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return;
          channels.delete(name);
          if (channels.size === 0) hangUp();
          else void link?.client?.unsubscribe(name).catch(() => undefined);
        },
      };
    },
    renew(next) {
      hangUp();
      down();
      open = next;
      if (channels.size > 0) dial();
    },
    close: hangUp,
  };
}
