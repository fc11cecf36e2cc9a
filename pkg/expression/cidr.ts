/** Networks in expressions. */
import { BlockList, isIP } from 'node:net';
import { ExpressionFailure } from './failure.ts';

/** @returns whether the network holds an address, or null for a text that is no CIDR. The function throws on what is no address. */
export function cidrOf(text: string): ((address: string) => boolean) | null {
  const [network = '', length = '', ...more] = text.split('/');
  const family = isIP(network);
  if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(length)) return null;
  if (Number(length) > (family === 4 ? 32 : 128)) return null;
  const list = new BlockList();
  list.addSubnet(network, Number(length), familyName(family));
  return (address) => {
    const kind = isIP(address);
    if (kind === 0) throw new ExpressionFailure('containsIP was asked with what is no IP address');
    return list.check(address, familyName(kind));
  };
}

function familyName(family: number): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}
