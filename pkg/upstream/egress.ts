/**
 * The one egress guard: everything the gateway dials because an object says so passes here, at connect time and after names were resolved,
 * so that no Backend, EndpointSlice or DNS answer reaches loopback, link-local or metadata addresses.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { EgressSettings } from '../ir/settings.ts';

export interface EgressGuard {
  /** Whether the IP address may be dialled. */
  allows(address: string): boolean;
  /**
   * Addresses that may be dialled for an IP address or a name, in the order to try.
   * @returns empty if the name has no address at all; `denied` if it has, but none that is allowed
   */
  resolve(host: string): Promise<readonly string[] | Denied>;
}

export const Denied = 'denied';
export type Denied = typeof Denied;

/** All addresses of a name; rejects or is empty if there is none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** [network, prefix]. IPv6 forms that carry an IPv4 address are unwrapped before, so these cover them too. */
const loopback = ['127.0.0.0/8', '::1/128'];
const always = [
  // Unspecified: connects to loopback on Linux.
  '0.0.0.0/8',
  '::/128',
  // Link-local, with the metadata services of the clouds in it: 169.254.169.254, 169.254.170.2.
  '169.254.0.0/16',
  'fe80::/10',
  // Metadata addresses elsewhere: AWS over IPv6, Alibaba, Oracle.
  'fd00:ec2::254/128',
  '100.100.100.200/32',
  '192.0.0.192/32',
  // Multicast, reserved and broadcast.
  '224.0.0.0/4',
  '240.0.0.0/4',
  'ff00::/8',
];

/** Names that are never resolved: they mean the machine itself or a metadata service. */
const localNames = /^(?:localhost|.*\.localhost|metadata\.google\.internal)$/;

export function createEgressGuard(settings: EgressSettings, { resolve }: { readonly resolve: Resolve }): EgressGuard {
  const denied = new BlockList();
  for (const cidr of [...always, ...(settings.allowLoopback ? [] : loopback), ...settings.deniedCIDRs])
    deny(denied, cidr);
  const names = settings.allowedHostnames.map((pattern) => pattern.toLowerCase());

  const allows = (address: string): boolean => {
    const family = isIP(address);
    if (family === 0) return false;
    const plain = unwrap(address);
    return !denied.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };

  return {
    allows,
    async resolve(host) {
      if (isIP(host) !== 0) return allows(host) ? [host] : Denied;
      const name = host.toLowerCase().replace(/\.$/, '');
      if (localNames.test(name) && !(settings.allowLoopback && name.endsWith('localhost'))) return Denied;
      if (names.length > 0 && !names.some((pattern) => matches(pattern, name))) return Denied;
      let addresses: readonly string[];
      try {
        addresses = await resolve(name);
      } catch {
        return [];
      }
      if (addresses.length === 0) return [];
      // A name that has one address inside and one outside is an attempt at rebinding: what is left after the check is all that is tried.
      const allowed = addresses.filter(allows);
      return allowed.length > 0 ? allowed : Denied;
    },
  };
}

/** c-ares, which waits for nobody's thread; names without a dot (hosts file, search list) by the system, of which there are few. */
export function createResolver(timeout = 2000, tries = 2): Resolve {
  const resolver = new Resolver({ timeout, tries });
  return async (name) => {
    if (!name.includes('.') || name.endsWith('.localhost')) {
      return (await lookup(name, { all: true })).map((each) => each.address);
    }
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  };
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name;
  return name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1;
}

/** A CIDR that does not parse is the translator's to report; here it would open nothing. */
function deny(list: BlockList, cidr: string): void {
  const slash = cidr.lastIndexOf('/');
  const network = slash < 0 ? cidr : cidr.slice(0, slash);
  const family = isIP(network);
  if (family === 0) return;
  const bits = slash < 0 ? (family === 6 ? 128 : 32) : Number(cidr.slice(slash + 1));
  if (Number.isInteger(bits) && bits >= 0 && bits <= (family === 6 ? 128 : 32)) {
    list.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** IPv4 in IPv6 (mapped ::ffff:0:0/96, compatible ::/96, NAT64 64:ff9b::/96, 6to4 2002::/16) as the IPv4 address it leads to. */
export function unwrap(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = expand(address);
  const v4 = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const zeros = (count: number): boolean => groups.slice(0, count).every((group) => group === 0);
  if (zeros(5) && groups[5] === 0xffff) return v4(groups[6]!, groups[7]!);
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return v4(groups[6]!, groups[7]!);
  if (groups[0] === 0x2002) return v4(groups[1]!, groups[2]!);
  // ::1 and :: are IPv6's own.
  if (zeros(6) && (groups[6]! > 0 || groups[7]! > 1)) return v4(groups[6]!, groups[7]!);
  return address;
}

/** The eight groups of a valid IPv6 address. */
function expand(address: string): number[] {
  const plain = address
    .replace(/%.*$/, '')
    .replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
      [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
    );
  const [before = '', after] = plain.split('::');
  const parse = (part: string | undefined): number[] =>
    part ? part.split(':').map((group) => Number.parseInt(group, 16)) : [];
  const head = parse(before);
  const tail = parse(after);
  return after === undefined
    ? head
    : [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}
