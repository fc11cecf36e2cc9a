/** Who the client is: how far X-Forwarded-For is believed. Compiled once per configuration, asked once per request. */
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { ClientIdentity } from '../ir/settings.ts';

export interface Trust {
  /** Whether what this peer says of earlier hops is believed. */
  trustsPeer(peer: string): boolean;
  /**
   * The client behind a trusted peer: from the right, the first address that is no trusted proxy.
   * @param forwardedFor X-Forwarded-For, all lines joined; undefined if there is none
   */
  clientOf(peer: string, forwardedFor: string | undefined): string;
}

/** More entries than any chain of proxies has; a longer list is not read further to the left. */
const MaxHops = 32;

export function createTrust(identity: ClientIdentity): Trust {
  const cidrs = identity.trustedCIDRs.length > 0 ? blockList(identity.trustedCIDRs) : null;
  const hops = identity.trustedHops;
  const trusts = (address: string, hop: number): boolean =>
    hop < hops || (cidrs !== null && cidrs.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'));

  return {
    trustsPeer: (peer) => (hops > 0 || cidrs !== null) && isIP(peer) !== 0 && trusts(peer, 0),
    clientOf(peer, forwardedFor) {
      let client = peer;
      if (forwardedFor === undefined) return client;
      let end = forwardedFor.length;
      for (let hop = 0; hop < MaxHops && end >= 0 && trusts(client, hop); hop++) {
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
  if (bracketed !== null) return isIPv6(bracketed[1]!) ? plainAddress(bracketed[1]!) : null;
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text);
  if (withPort !== null) text = withPort[1]!;
  return isIP(text) === 0 || text.includes('%') ? null : plainAddress(text);
}

/** IPv4 that an IPv6 socket reports as `::ffff:1.2.3.4`, as IPv4: one spelling for lists, logs and backends. */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
}

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
