/** Processor: the key `client` of policies → the listeners it is for. Runs behind policy.ts. */
import type { Listener } from '../ir/listener.ts';
import type { TranslatedClient } from '../policy/client-translate.ts';
import type { Context } from './context.ts';
import { levelsOfListener } from './rule-policies.ts';

/** A rule that the listener serves tells of the key in its statuses, so nothing is returned. */
export function translateClientPolicies(context: Context): void {
  for (const [id, listener] of context.listeners) {
    const changed = withClientPolicy(id, listener, context);
    if (changed !== listener) context.listeners.set(id, context.memo.stable(`listener ${id}`, changed));
  }
}

/** What policies say of the clients of one listener. @param id of the listener; the same instance if they say nothing */
export function withClientPolicy(id: string, listener: Listener, context: Context): Listener {
  const { origins } = context.effective.get(levelsOfListener(id, context));
  const setting = origins.find(({ key, state }) => key.key === 'client' && state === 'Enforced')?.key.setting;
  return setting?.key === 'client' ? withClient(listener, setting.value) : listener;
}

/** @param said undefined: nothing */
export function withClient(listener: Listener, said: TranslatedClient | undefined): Listener {
  if (said === undefined) return listener;
  const { client, tls } = said;
  return { ...listener, client, ...(listener.tls !== undefined && { tls: { ...listener.tls, ...tls } }) };
}
