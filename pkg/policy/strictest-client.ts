/** What holds where several say who their clients are, and whose request it is is not known yet. Both planes ask: for classes, and for listeners. */
import type { ClientAddress, HeaderSettings, ListenerTimeouts } from '../ir/settings.ts';

export interface ClientLimits {
  readonly underscores: HeaderSettings['underscores'];
  readonly timeouts: Pick<ListenerTimeouts, 'header' | 'body' | 'idle'>;
}

/** Of each limit the strictest. @param each at least one */
export function strictestLimits(each: readonly ClientLimits[]): ClientLimits {
  const shortest = (name: keyof ClientLimits['timeouts']): number => {
    // 0 is no limit.
    const limits = each.map(({ timeouts }) => timeouts[name]).filter((ms) => ms > 0);
    return limits.length === 0 ? 0 : Math.min(...limits);
  };
  return {
    underscores:
      (['Reject', 'Drop'] as const).find((say) => each.some(({ underscores }) => underscores === say)) ?? 'Allow',
    timeouts: { header: shortest('header'), body: shortest('body'), idle: shortest('idle') },
  };
}

/** Believes no peer: nobody can have made up its address. Who wants no request without a better one gets none. */
export function trustNobody(each: readonly ClientAddress[]): ClientAddress {
  const header = each.map((address) => address.header).find((field) => field?.failClosed === true) ?? null;
  return { trustedCIDRs: [], trustedHops: 0, proxyProtocol: 'Disabled', header };
}
