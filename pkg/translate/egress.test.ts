import { describe, expect, test } from '@jest/globals';
import { addressRefusal, type Egress, hostnameAllowed } from './egress.ts';

const egress: Egress = { allowLoopback: false, backendTypes: [], allowedHostnames: [], grantedBy: '' };

describe('an endpoint address', () => {
  test.each([
    '127.0.0.1',
    '127.255.0.1',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    '::ffff:169.254.169.254',
    'fe80::1',
    'febf::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    'example.com',
    '127.1',
    '0x7f000001',
    '2130706433',
    '',
  ])('%s is refused', (address) => {
    expect(addressRefusal(address, egress)).toEqual(expect.any(String));
  });

  test.each(['10.0.0.1', '192.0.2.1', '172.16.3.4', 'fd00::1', '2001:db8::1', '::ffff:10.0.0.1', '169.253.0.1'])(
    '%s may be dialled',
    (address) => {
      expect(addressRefusal(address, egress)).toBeUndefined();
    },
  );

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('%s may be dialled where loopback is allowed', (address) => {
    expect(addressRefusal(address, { ...egress, allowLoopback: true })).toBeUndefined();
  });

  test('allowing loopback does not allow the metadata service', () => {
    expect(addressRefusal('169.254.169.254', { ...egress, allowLoopback: true })).toEqual(expect.any(String));
  });
});

test.each([
  ['api.example.com', [], true],
  ['api.example.com', ['api.example.com'], true],
  ['api.example.com', ['*.example.com'], true],
  ['example.com', ['*.example.com'], false],
  ['badexample.com', ['*.example.com'], false],
  ['api.example.com.evil.test', ['*.example.com', 'api.example.com'], false],
])('external hostname %s with %j allowed: %s', (hostname, allowedHostnames, allowed) => {
  expect(hostnameAllowed(hostname, { ...egress, allowedHostnames })).toBe(allowed);
});
