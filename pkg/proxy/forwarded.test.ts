import { describe, expect, test } from '@jest/globals';
import { addressOf, createTrust } from './forwarded.ts';

describe('without trust', () => {
  const trust = createTrust({ trustedCIDRs: [], trustedHops: 0 });
  test('no peer is believed', () => {
    expect(trust.trustsPeer('10.0.0.1', 0)).toBe(false);
    expect(trust.clientOf('10.0.0.1', '1.1.1.1', 0)).toBe('10.0.0.1');
  });
});

describe('trusted CIDRs', () => {
  const trust = createTrust({
    trustedCIDRs: ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'],
    trustedHops: 0,
  });

  test.each([
    ['10.0.0.1', true],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['fd00::1', true],
    ['fe80::1', false],
    ['', false],
  ])('peer %j is trusted: %s', (peer, trusted) => {
    expect(trust.trustsPeer(peer, 0)).toBe(trusted);
  });

  test.each([
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', ',', '10.0.0.1'],
    ['10.0.0.1', ',,,', '10.0.0.1'],
    ['10.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['10.0.0.1', ' 1.1.1.1\t', '1.1.1.1'],
    ['10.0.0.1', '9.9.9.9, 1.1.1.1', '1.1.1.1'],
    ['10.0.0.1', '9.9.9.9, 1.1.1.1, 10.0.0.2', '1.1.1.1'],
    ['10.0.0.1', '9.9.9.9,1.1.1.1,10.0.0.2,192.0.2.7', '1.1.1.1'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['10.0.0.1', 'unknown', '10.0.0.1'],
    ['10.0.0.1', '1.1.1.1, unknown', '10.0.0.1'],
    ['10.0.0.1', '1.1.1.1, _hidden, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '1.1.1.1:4711', '1.1.1.1'],
    ['10.0.0.1', '1.1.1.1:471111', '10.0.0.1'],
    ['10.0.0.1', '[2001:db8::1]', '2001:db8::1'],
    ['10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['10.0.0.1', '2001:db8::1', '2001:db8::1'],
    ['10.0.0.1', '"[2001:db8::1]:4711"', '2001:db8::1'],
    ['10.0.0.1', '[1.1.1.1]', '10.0.0.1'],
    ['10.0.0.1', '2001:db8::1, fd00::2', '2001:db8::1'],
    ['10.0.0.1', '::ffff:1.1.1.1', '1.1.1.1'],
    ['10.0.0.1', '1.1.1.1, ::ffff:10.0.0.9', '1.1.1.1'],
    ['10.0.0.1', '1.1.1', '10.0.0.1'],
    ['10.0.0.1', '01.1.1.1', '10.0.0.1'],
    ['10.0.0.1', '1.1.1.1 2.2.2.2', '10.0.0.1'],
    ['10.0.0.1', '1.1.1.1,', '10.0.0.1'],
    ['10.0.0.1', ',1.1.1.1', '1.1.1.1'],
    ['10.0.0.1', 'fe80::1%eth0', '10.0.0.1'],
    ['10.0.0.1', '<script>', '10.0.0.1'],
    ['8.8.8.8', '1.1.1.1', '8.8.8.8'],
  ])('behind %s, %j means %s', (peer, list, client) => {
    expect(trust.clientOf(peer, list, 0)).toBe(client);
  });

  test('a list without end is not read to its end', () => {
    expect(trust.clientOf('10.0.0.1', Array(4000).fill('10.0.0.2').join(','), 0)).toBe('10.0.0.2');
  });
});

describe('trusted hops', () => {
  test.each([
    [1, '9.9.9.9, 1.1.1.1', '1.1.1.1'],
    [2, '9.9.9.9, 1.1.1.1', '9.9.9.9'],
    [3, '9.9.9.9, 1.1.1.1', '9.9.9.9'],
    [2, '8.8.8.8, 9.9.9.9, 1.1.1.1', '9.9.9.9'],
    [2, 'junk, 1.1.1.1', '1.1.1.1'],
  ])('%i hops through %j', (trustedHops, list, client) => {
    const trust = createTrust({ trustedCIDRs: [], trustedHops });
    expect(trust.trustsPeer('203.0.113.1', 0)).toBe(true);
    expect(trust.clientOf('203.0.113.1', list, 0)).toBe(client);
  });
});

test.each([
  [1, '9.9.9.9, 1.1.1.1', '203.0.113.1'],
  [2, '9.9.9.9, 1.1.1.1', '1.1.1.1'],
  [3, '9.9.9.9, 1.1.1.1', '9.9.9.9'],
])('of %i hops the proxy that announced the peer is one: %j', (trustedHops, list, client) => {
  const trust = createTrust({ trustedCIDRs: [], trustedHops });
  expect(trust.trustsPeer('203.0.113.1', 1)).toBe(trustedHops > 1);
  expect(trust.clientOf('203.0.113.1', list, 1)).toBe(client);
});

test.each([
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['[1:0:0:0:0:0:0:0]:80', '1::'],
  ['::ffff:c000:201', '192.0.2.1'],
])('%s is spelled %s', (text, spelled) => {
  expect(addressOf(text)).toBe(spelled);
});

test('an address with a zone is none', () => {
  expect(addressOf('fe80::1%1')).toBeNull();
});
