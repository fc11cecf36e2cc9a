/** Data-plane half of access by address: who is not let in gets 403, before anything else is asked of the request. */
import { watchCountries } from '../country-watch.ts';
import { createAddress, readAddress } from '../ip-address.ts';
import { createIpSet, type IpRange, type IpSet, parseNetwork } from '../ip-set.ts';
import type { FilterEnv, RuntimeFilter } from '../runtime.ts';
import type { IpAccessConfig } from './schema.ts';

type CountryRule = NonNullable<IpAccessConfig['countries']>;

export function createIpAccess(config: IpAccessConfig, env: FilterEnv): RuntimeFilter {
  const allow = config.allow === null ? null : setOf(config.allow);
  const deny = setOf(config.deny);
  const countries = config.countries === null ? null : judgeCountries(config.countries, env);
  const address = createAddress();

  return {
    onRequest: (exchange) => {
      const { clientAddress } = exchange.request;
      // What is no address (a client that was gone before it could be asked) is on no list of those who may.
      const passes =
        readAddress(clientAddress, address) && !deny.contains(address) && (allow === null || allow.contains(address));
      if (!passes) exchange.deny('address-denied');
      else if (countries !== null) {
        const verdict = countries.judge(clientAddress);
        if (verdict !== 'allowed')
          exchange.deny(verdict, verdict === 'policy-unavailable' ? { 'Retry-After': '5' } : {});
      }
    },
    close: () => countries?.close(),
  };
}

function setOf(networks: readonly string[]): IpSet {
  return createIpSet(
    networks.map((network): IpRange => {
      const range = parseNetwork(network);
      // Left out it might let in whom it was to keep away; thrown, the rule fails closed.
      if (range === null) throw new RangeError(`${network} is no network`);
      return range;
    }),
  );
}

interface Judge {
  judge(address: string): 'allowed' | 'address-denied' | 'policy-unavailable';
  close(): void;
}

function judgeCountries(rule: CountryRule, env: FilterEnv): Judge {
  const allow = rule.allow === null ? null : new Set(rule.allow);
  const deny = new Set(rule.deny);
  const watch = watchCountries(env);
  return {
    judge(address) {
      const { countries } = watch;
      if (countries === null) return 'policy-unavailable';
      const country = countries.of(address);
      if (country === null) return allow === null ? 'allowed' : 'address-denied';
      return deny.has(country) || (allow !== null && !allow.has(country)) ? 'address-denied' : 'allowed';
    },
    close: () => watch.close(),
  };
}
