/** Which fields of `authentication` ask for Redis. */
import type { AuthenticationSpec } from './spec.ts';

/** @param path where `spec` stands in its object @returns paths of the fields */
export function redisFields({ methods }: AuthenticationSpec, path: string): readonly string[] {
  return methods.flatMap(({ type, apiKey, oidc }, i): readonly string[] => {
    const at = `${path}.methods[${i}]`;
    if (type === 'APIKey' && apiKey?.source === 'Redis') return [`${at}.apiKey.source`];
    if (type === 'OIDC' && oidc?.session.store === 'Redis') return [`${at}.oidc.session.store`];
    return [];
  });
}
