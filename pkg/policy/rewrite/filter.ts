/** Data-plane half of URL rewrites: changes the path and the Host that the backend receives. The query is never touched. */
import { createPathReplacement } from '../path-replacement.ts';
import type { RuntimeFilter } from '../runtime.ts';
import type { RewriteConfig } from './schema.ts';

export function createRewrite(config: RewriteConfig): RuntimeFilter {
  const replace = config.path === undefined ? undefined : createPathReplacement(config.path);
  return {
    onRequest: (exchange) => {
      if (config.hostname !== undefined) exchange.request.setForwardHost(config.hostname);
      if (replace === undefined) return;
      const path = replace(exchange);
      if (path !== '') exchange.request.setForwardPath(path);
      else
        exchange.respond({
          status: 500,
          headers: { 'content-type': 'text/plain' },
          body: 'the rewritten path is too long\n',
        });
    },
  };
}
