/** Data-plane half of the request header modifier: changes what the backend receives. */
import type { RuntimeFilter } from '../runtime.ts';
import type { RequestHeadersConfig } from './schema.ts';

export function createRequestHeaders(config: RequestHeadersConfig): RuntimeFilter {
  return {
    onRequest: ({ request }) => {
      for (const name of config.remove) request.headers.remove(name);
      for (const [name, value] of config.set) request.headers.set(name, value);
      // A line of its own, never joined to one that is there: "orig" and "added" read as "orig,added".
      for (const [name, value] of config.add) request.headers.add(name, value);
    },
  };
}
