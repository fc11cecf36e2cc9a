/** Data-plane half of the response header modifier: changes what the client receives, local answers included. */
import { prepareFields } from '../prepared-fields.ts';
import type { RuntimeFilter } from '../runtime.ts';
import type { ResponseHeadersConfig } from './schema.ts';

export function createResponseHeaders(config: ResponseHeadersConfig): RuntimeFilter {
  const set = config.set.length === 0 ? null : prepareFields(config.set);
  return {
    onResponse: ({ response }) => {
      for (const name of config.remove) response.headers.remove(name);
      if (set !== null) response.headers.setAll(set);
      for (const [name, value] of config.add) response.headers.add(name, value);
    },
  };
}
