/** What of an IR the services thread obeys, with what it refers to: it gets no more of it. */
import type { Ir } from '../ir/ir.ts';
import type { RedisSettings } from '../ir/settings.ts';
import type { ServicesSettings } from '../services/feed.ts';

export function servicesSettings(ir: Ir): ServicesSettings {
  const { egress, redis } = ir.settings.default;
  return { egress, redis: redis ? redisConfig(redis, ir) : null };
}

/** null if something is missing that it refers to, as in a dump without secrets: no other Redis is asked, nor this one without its password. */
function redisConfig(
  { urls, username, password, authority }: RedisSettings,
  { secrets, authorities }: Ir,
): ServicesSettings['redis'] {
  const found = {
    username: username === null ? '' : secrets[username],
    password: password === null ? '' : secrets[password],
    authority: authority === null ? null : authorities[authority],
  };
  if (found.username === undefined || found.password === undefined || found.authority === undefined) return null;
  return { urls, username: found.username, password: found.password, authority: found.authority };
}
