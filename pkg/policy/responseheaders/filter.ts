/** Data-plane half of the response header modifier: changes what the client receives, local answers included. */
import type { RuntimeFilter } from '../runtime.ts';
import type { ResponseHeadersConfig } from './schema.ts';

export function createResponseHeaders(config: ResponseHeadersConfig): RuntimeFilter {
  return {
    onResponse: ({ response }) => {
      for (const name of config.remove) response.headers.remove(name);
      for (const [name, value] of config.set) response.headers.set(name, value);
      for (const [name, value] of config.add) response.headers.add(name, value);
    },
  };
}
