/** Data-plane half of response overrides. */
import type { Exchange, RuntimeFilter } from '../runtime.ts';
import type { OverrideConfig, ResponseOverridesConfig } from './schema.ts';

/** What an answer says beside its body: true of the one that replaces it, too. */
const kept = [
  ['www-authenticate', 'WWW-Authenticate'],
  ['proxy-authenticate', 'Proxy-Authenticate'],
  ['retry-after', 'Retry-After'],
  ['allow', 'Allow'],
  ['accept', 'Accept'],
  ['cache-control', 'Cache-Control'],
  ['x-request-id', 'X-Request-Id'],
] as const;

export function createResponseOverrides({ rules }: ResponseOverridesConfig): RuntimeFilter {
  const backend = tableOf(rules, 'Backend');
  const gateway = tableOf(rules, 'Gateway');
  return {
    onResponse: (exchange) => {
      const override = (exchange.answered ? gateway : backend).get(exchange.response.status);
      if (override !== undefined) replace(exchange, override);
    },
  };
}

/** The first rule for each status. */
function tableOf(rules: readonly OverrideConfig[], whose: 'Backend' | 'Gateway'): ReadonlyMap<number, OverrideConfig> {
  const table = new Map<number, OverrideConfig>();
  for (const rule of rules.filter(({ from }) => from === 'Any' || from === whose)) {
    for (const [first, last] of rule.statuses)
      for (let status = first; status <= last; status++) if (!table.has(status)) table.set(status, rule);
  }
  return table;
}

function replace(exchange: Exchange, { status, headers: own, body }: OverrideConfig): void {
  const { response } = exchange;
  const headers: Record<string, string> = {};
  for (const [name, written] of kept) {
    const value = response.headers.get(name);
    if (value !== undefined) headers[written] = value;
  }
  exchange.replaceResponse({ status: status === 0 ? response.status : status, headers: { ...headers, ...own }, body });
}
