/** What the gateway may dial because an object says so: the translate half of the egress guard (the other half checks at connect time). */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export interface Egress {
  readonly allowLoopback: boolean;
  /** Types of Backend objects that may be used. */
  readonly backendTypes: readonly string[];
  /** Patterns for external hostnames; empty allows all. */
  readonly allowedHostnames: readonly string[];
  /** What has to be changed to allow more, for messages: `spec.egress of GatewayClassConfig ns/name`. */
  readonly grantedBy: string;
}

/**
 * Why an address may not be an endpoint, or undefined.
 * CVE-2021-25740: whoever may write an EndpointSlice could have the gateway reach what only the gateway can reach.
 */
export function addressRefusal(address: string, egress: Egress): string | undefined {
  if (!isIPv4(address) && !isIPv6(address)) return 'is no IP address';
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (unspecified.check(address, family)) return 'stands for no machine';
  if (metadata.check(address, family))
    return 'is link-local or a metadata service, which may not be reached through the gateway';
  if (!egress.allowLoopback && loopback.check(address, family))
    return 'is a loopback address, which would reach the gateway itself';
  return undefined;
}

/** Whether an external hostname may be used. */
export function hostnameAllowed(hostname: string, { allowedHostnames }: Egress): boolean {
  return (
    allowedHostnames.length === 0 ||
    allowedHostnames.some((pattern) =>
      pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern,
    )
  );
}

// BlockList applies IPv4 rules to IPv4-mapped IPv6 addresses, too.
const unspecified = blockList((list) => {
  list.addSubnet('0.0.0.0', 8, 'ipv4');
  list.addAddress('::', 'ipv6');
  list.addSubnet('224.0.0.0', 3, 'ipv4');
  list.addSubnet('ff00::', 8, 'ipv6');
});
const metadata = blockList((list) => {
  list.addSubnet('169.254.0.0', 16, 'ipv4');
  list.addSubnet('fe80::', 10, 'ipv6');
  list.addAddress('100.100.100.200', 'ipv4');
  list.addAddress('fd00:ec2::254', 'ipv6');
  list.addAddress('fd20:ce::254', 'ipv6');
});
const loopback = blockList((list) => {
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
});

function blockList(fill: (list: BlockList) => void): BlockList {
  const list = new BlockList();
  fill(list);
  return list;
}
