import { describe, expect, test } from '@jest/globals';
import { createEgressGuard, Denied, unwrap } from './egress.ts';

const names: Record<string, readonly string[]> = {
  'api.example.com': ['93.184.216.34', '2606:2800::1'],
  'rebind.example.com': ['127.0.0.1'],
  'mixed.example.com': ['169.254.169.254', '93.184.216.34'],
  localhost: ['127.0.0.1', '::1'],
};

const guard = (allowLoopback = false, deniedCIDRs: readonly string[] = [], allowedHostnames: readonly string[] = []) =>
  createEgressGuard(
    { allowLoopback, deniedCIDRs, allowedHostnames },
    { resolve: async (name) => names[name] ?? Promise.reject(new Error('ENOTFOUND')) },
  );

describe('the egress guard', () => {
  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    '::127.0.0.1',
    'fe80::1',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:0254',
    '100.100.100.200',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    'not an address',
    '',
  ])('refuses %s', (address) => {
    expect(guard().allows(address)).toBe(false);
  });

  test.each(['10.0.0.7', '172.16.0.1', '192.168.1.1', 'fd00::7', '93.184.216.34', '2606:2800::1', '::ffff:10.0.0.7'])(
    'allows %s',
    (address) => {
      expect(guard().allows(address)).toBe(true);
    },
  );

  test('loopback by setting, and nothing else with it', () => {
    const open = guard(true);
    expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map((each) => open.allows(each))).toEqual([true, true, true]);
    expect(['0.0.0.0', '169.254.169.254'].map((each) => open.allows(each))).toEqual([false, false]);
  });

  test('denied CIDRs of the settings, in every form of the address', () => {
    const strict = guard(false, ['10.96.0.0/12', 'fd12::/16', '10.0.0.7', 'nonsense', '1.2.3.4/99']);
    expect(['10.96.0.1', '::ffff:10.96.0.1', 'fd12::9', '10.0.0.7'].map((each) => strict.allows(each))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(strict.allows('10.0.0.8')).toBe(true);
  });

  test.each([
    ['api.example.com', ['93.184.216.34', '2606:2800::1']],
    ['API.example.com.', ['93.184.216.34', '2606:2800::1']],
    ['mixed.example.com', ['93.184.216.34']],
    ['rebind.example.com', Denied],
    ['localhost', Denied],
    ['a.localhost', Denied],
    ['metadata.google.internal', Denied],
    ['nowhere.example.com', []],
    ['10.0.0.7', ['10.0.0.7']],
    ['127.0.0.1', Denied],
  ])('%s resolves to %j', async (host, expected) => {
    expect(await guard().resolve(host)).toEqual(expected);
  });

  test('localhost where loopback is allowed; only listed names where names are listed', async () => {
    expect(await guard(true).resolve('localhost')).toEqual(['127.0.0.1', '::1']);
    const listed = guard(false, [], ['*.example.com']);
    expect(await listed.resolve('api.example.com')).toHaveLength(2);
    expect(await listed.resolve('example.com')).toBe(Denied);
    expect(await listed.resolve('api.example.org')).toBe(Denied);
  });

  test.each([
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::1', '::1'],
    ['fd00::1', 'fd00::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
  ])('%s unwraps to %s', (address, expected) => {
    expect(unwrap(address)).toBe(expected);
  });
});
