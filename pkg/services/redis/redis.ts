/** The pod's Redis: one connection for commands, one for channels, both as the configuration says and made anew when that changes. */
import type { Clock } from '../../store/clock.ts';
import type { Series } from '../../telemetry/series.ts';
import type { EgressGuard } from '../../upstream/egress.ts';
import { createRedisChannels, type RedisChannels } from './redis-channels.ts';
import { createRedisCommands, type RedisCommands } from './redis-commands.ts';
import { openRedisLink, type RedisConfig, type RedisLink, type RedisLinkEvents } from './redis-link.ts';

export interface RedisEnv {
  readonly clock: Clock;
  readonly wallClock: () => number;
  readonly random: () => number;
}

export interface SharedRedis extends Pick<RedisCommands, 'run'>, Pick<RedisChannels, 'subscribe'> {
  /** @param config null: there is none */
  configure(config: RedisConfig | null, guard: EgressGuard): void;
  series(): readonly Series[];
  close(): void;
}

export function createRedis({ clock, wallClock, random }: RedisEnv): SharedRedis {
  const commands = createRedisCommands(() => link, clock);
  const channels = createRedisChannels(wallClock);
  let link: RedisLink | null = null;

  return {
    run: (question) => commands.run(question),
    subscribe: (channel, tell) => channels.subscribe(channel, tell),
    configure(config, guard) {
      link?.close();
      const open = (events: RedisLinkEvents) => openRedisLink(config!, { clock, random, guard }, events);
      link = config === null ? null : open({});
      channels.renew(config === null ? null : open);
    },
    series: () => commands.series(),
    close() {
      link?.close();
      link = null;
      channels.close();
    },
  };
}
