import { BlockList, isIP } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { createAddress, isIPv4Words, readAddress } from './ip-address.ts';
import { createIpSet, type IpRange, parseNetwork } from './ip-set.ts';

describe('addresses', () => {
  test.each([
    '1.2.3.4',
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    '2001:db8::1',
    '2001:DB8:0:0:8:800:200c:417a',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '1::8',
    '::ffff:1.2.3.4',
    '::1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
    '64:ff9b::1.2.3.4',
    'fe80::1%eth0',
    // None.
    '',
    '.',
    ':',
    ':::',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '01.2.3.4',
    '1.2.3.00',
    '256.1.1.1',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '-1.2.3.4',
    '1.2.3.4%eth0',
    '0x1.2.3.4',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1::2',
    '1:::2',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '::1.2.3',
    '::01.2.3.4',
    '::1.2.3.4:5',
    '::1%',
    '[::1]',
    '::1/64',
    '1.2.3.4:80',
    'localhost',
  ])('%j is one where Node says so', (text) => {
    expect(readAddress(text, createAddress())).toBe(isIP(text) !== 0);
  });

  test.each([
    ['1.2.3.4', [0, 0, 0xffff, 0x01020304]],
    ['::ffff:1.2.3.4', [0, 0, 0xffff, 0x01020304]],
    ['::ffff:102:304', [0, 0, 0xffff, 0x01020304]],
    ['255.255.255.255', [0, 0, 0xffff, 0xffffffff]],
    ['::1', [0, 0, 0, 1]],
    ['1::', [0x10000, 0, 0, 0]],
    ['2001:db8:ffff:1:2:3:4:5', [0x20010db8, 0xffff0001, 0x00020003, 0x00040005]],
    ['2001:db8::4:5', [0x20010db8, 0, 0, 0x00040005]],
    ['::2:3:4:5:6:7:8', [2, 0x00030004, 0x00050006, 0x00070008]],
    ['fe80::1%eth0', [0xfe800000, 0, 0, 1]],
  ])('%s is read as %j', (text, words) => {
    const address = createAddress().fill(7);
    expect(readAddress(text, address)).toBe(true);
    expect([...address]).toEqual(words);
  });
});

describe('networks', () => {
  test.each([
    '',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '10.0.0.0/8 ',
    '10.0.0.0/+8',
    'fd00::/129',
    'fe80::%eth0/64',
    'example.com',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeNull();
  });

  test.each<[readonly string[], readonly string[], readonly string[]]>([
    [['10.0.0.0/8'], ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['9.255.255.255', '11.0.0.0', '::a01:203']],
    [['10.1.2.3/8'], ['10.0.0.0'], ['11.0.0.0']],
    [['10.1.2.3'], ['10.1.2.3'], ['10.1.2.2', '10.1.2.4']],
    [['0.0.0.0/0'], ['0.0.0.0', '255.255.255.255', '::ffff:0:0'], ['::', '::1']],
    // The families stay apart: `deny: [::/0]` says nothing of IPv4.
    [['::/0'], ['::', 'ffff::', '::1.2.3.4'], ['1.2.3.4', '::ffff:1.2.3.4']],
    [['::ffff:10.0.0.0/104'], ['10.0.0.1', '::ffff:10.0.0.1'], ['11.0.0.1']],
    [['2001:db8::/33'], ['2001:db8:7fff::1'], ['2001:db8:8000::']],
    [['fd00::/128'], ['fd00::'], ['fd00::1']],
    [['10.0.0.0/9', '10.128.0.0/9', '10.5.0.0/16'], ['10.0.0.0', '10.127.255.255', '10.128.0.0'], ['11.0.0.0']],
    [[], [], ['1.2.3.4', '::1']],
  ])('%j hold %j and not %j', (networks, inside, outside) => {
    const set = setOf(networks);
    expect(inside.map((text) => contains(set, text))).toEqual(inside.map(() => true));
    expect(outside.map((text) => contains(set, text))).toEqual(outside.map(() => false));
  });

  test('what touches is one range', () => {
    expect(setOf(['10.0.0.0/9', '10.128.0.0/9', '10.5.0.0/16', '192.0.2.1']).size).toBe(3);
    expect(setOf(['10.0.0.0/8', '10.5.0.0/16', '10.0.0.0/8']).size).toBe(1);
  });
});

test('1,000 random sets say of 50 addresses each what BlockList says', () => {
  const random = generator(7);
  for (let round = 0; round < 1_000; round++) {
    const networks = Array.from({ length: 1 + Math.floor(random() * 12) }, () => randomNetwork(random));
    const set = setOf(networks);
    // One per family, since BlockList takes `::/0` to cover IPv4 too.
    const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
    for (const network of networks) {
      const [address = '', prefix] = network.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      lists[family].addSubnet(address, Number(prefix), family);
    }
    for (let i = 0; i < 50; i++) {
      const [address = ''] = randomNetwork(random).split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      expect([networks, address, contains(set, address)]).toEqual([
        networks,
        address,
        lists[family].check(address, family),
      ]);
    }
  }
});

function setOf(networks: readonly string[]) {
  return createIpSet(
    networks.map((text): IpRange => {
      const range = parseNetwork(text);
      if (range === null) throw new Error(`no network: ${text}`);
      return range;
    }),
  );
}

function contains(set: ReturnType<typeof createIpSet>, text: string): boolean {
  const address = createAddress();
  if (!readAddress(text, address)) throw new Error(`no address: ${text}`);
  return set.contains(address);
}

test('IPv4 is told from IPv6', () => {
  const address = createAddress();
  const told = ['1.2.3.4', '::ffff:1.2.3.4', '::1.2.3.4', '::fffe:1.2.3.4', '1::ffff:1.2.3.4'].map(
    (text) => readAddress(text, address) && isIPv4Words(address),
  );
  expect(told).toEqual([true, true, false, false, false]);
});

/** Few different bits, so that networks meet. */
function randomNetwork(random: () => number): string {
  const byte = (): number => [0, 1, 127, 128, 255][Math.floor(random() * 5)]!;
  if (random() < 0.5) return `${byte()}.${byte()}.${byte()}.${byte()}/${Math.floor(random() * 33)}`;
  const group = (): string => (byte() * 256 + byte()).toString(16);
  const groups = Array.from({ length: 8 }, (_, i) => (i > 1 && i < 6 ? '0' : group()));
  // Some in the short spelling; the mapped range is not among them.
  const text = `2${groups.join(':').slice(1)}`.replace(/:0:0:0:0:/, random() < 0.5 ? '::' : ':0:0:0:0:');
  return `${text}/${Math.floor(random() * 129)}`;
}

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
