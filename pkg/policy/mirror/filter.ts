/** Data-plane half of request mirroring: draws for each request and mirror on its own. */
import type { FilterEnv, RuntimeFilter } from '../runtime.ts';
import type { MirrorConfig } from './schema.ts';

export function createMirror({ mirrors }: MirrorConfig, env: FilterEnv): RuntimeFilter {
  return {
    onRequest: (exchange) => {
      for (const { cluster, numerator, denominator } of mirrors)
        if (numerator >= denominator || env.random() * denominator < numerator) exchange.mirror(cluster);
    },
  };
}
