/** Who the client is: how far X-Forwarded-For is believed. Compiled once per configuration, asked once per request. */
import { isIP, isIPv6 } from 'node:net';
import type { ClientAddress } from '../ir/settings.ts';
import { createAddress, formatAddress, readAddress } from '../policy/ip-address.ts';
import { createIpSet, parseNetwork } from '../policy/ip-set.ts';

export interface Trust {
  /**
   * Whether what this peer says of earlier hops is believed.
   * @param hop trusted proxies between it and us: 1 if one of them has announced it by a PROXY header
   */
  trustsPeer(peer: string, hop: number): boolean;
  /**
   * The client behind a trusted peer: from the right, the first address that is no trusted proxy.
   * @param forwardedFor X-Forwarded-For, all lines joined; undefined if there is none
   */
  clientOf(peer: string, forwardedFor: string | undefined, hop: number): string;
}

/** More entries than any chain of proxies has; a longer list is not read further to the left. */
const MaxHops = 32;

export function createTrust({ trustedCIDRs, trustedHops }: Pick<ClientAddress, 'trustedCIDRs' | 'trustedHops'>): Trust {
  // One that is no network trusts nobody, which translate has refused before.
  const networks = createIpSet(trustedCIDRs.flatMap((text) => parseNetwork(text) ?? []));
  const words = createAddress();
  const trusts = (address: string, hop: number): boolean =>
    hop < trustedHops || (networks.size > 0 && readAddress(address, words) && networks.contains(words));

  return {
    trustsPeer: (peer, hop) => (trustedHops > 0 || networks.size > 0) && isIP(peer) !== 0 && trusts(peer, hop),
    clientOf(peer, forwardedFor, hop) {
      let client = peer;
      if (forwardedFor === undefined) return client;
      let end = forwardedFor.length;
      for (let at = hop; at < MaxHops && end >= 0 && trusts(client, at); at++) {
        const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1);
        const address = addressOf(forwardedFor.slice(comma + 1, end));
        // What is no address cannot be judged, and everything left of it was written by whoever wrote it: the last good one stands.
        if (address === null) break;
        client = address;
        end = comma;
      }
      return client;
    },
  };
}

/** One entry as an address: `1.2.3.4`, `1.2.3.4:80`, `[::1]`, `[::1]:80`, `::1`; null for anything else (`unknown`, `_hidden`, empty). */
export function addressOf(entry: string): string | null {
  let text = entry.trim();
  if (text.startsWith('"') && text.endsWith('"') && text.length > 1) text = text.slice(1, -1);
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text);
  if (bracketed !== null) return isIPv6(bracketed[1]!) ? spelled(bracketed[1]!) : null;
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text);
  if (withPort !== null) text = withPort[1]!;
  return isIP(text) === 0 ? null : spelled(text);
}

/** null for an address of one link (`fe80::1%eth0`), which means nothing to others. */
function spelled(address: string): string | null {
  if (!address.includes(':')) return address;
  const words = createAddress();
  return address.includes('%') || !readAddress(address, words) ? null : formatAddress(words);
}

/** IPv4 that an IPv6 socket reports as `::ffff:1.2.3.4`, as IPv4: one spelling for lists, logs and backends. */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
}
