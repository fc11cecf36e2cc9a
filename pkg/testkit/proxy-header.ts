/** PROXY headers as load balancers send them; wrong ones too. */
import { Buffer } from 'node:buffer';
import { createAddress, readAddress } from '../policy/ip-address.ts';

export interface Announce2 {
  /** `''` for none. */
  readonly source: string;
  readonly port: number;
  /** Version and command; default: version 2, PROXY. */
  readonly command?: number;
  /** Default: TCP over the family of `source`. */
  readonly family?: number;
  readonly tlvs?: Uint8Array;
}

/** Version 2. The destination is an address of the same family. */
export function announce2({ source, port, command = 0x21, family, tlvs = Buffer.alloc(0) }: Announce2): Buffer {
  const wide = source.includes(':');
  const body = Buffer.concat([source === '' ? Buffer.alloc(0) : endpoints(source, port, wide), tlvs]);
  const head = Buffer.from([
    13,
    10,
    13,
    10,
    0,
    13,
    10,
    81,
    85,
    73,
    84,
    10,
    command,
    family ?? (wide ? 0x21 : 0x11),
    0,
    0,
  ]);
  head.writeUInt16BE(body.length, 14);
  return Buffer.concat([head, body]);
}

export function announce1(source: string, port = 4_711): string {
  const [family, destination] = source.includes(':') ? ['TCP6', '2001:db8::9'] : ['TCP4', '198.51.100.9'];
  return `PROXY ${family} ${source} ${destination} ${port} 443\r\n`;
}

function endpoints(source: string, port: number, wide: boolean): Buffer {
  const words = createAddress();
  if (!readAddress(source, words)) throw new Error(`no address: ${source}`);
  const each = wide ? [...words] : [words[3]!];
  const bytes = Buffer.alloc(8 * each.length + 4);
  for (const [i, word] of each.entries()) bytes.writeUInt32BE(word, 4 * i);
  bytes.writeUInt16BE(port, 8 * each.length);
  return bytes;
}
