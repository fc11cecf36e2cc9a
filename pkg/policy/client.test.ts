import { describe, expect, test } from '@jest/globals';
import { addressMistakes } from '../api/client-words.ts';
import type { ClientSpec } from './client-schema.ts';
import { translateClient } from './client-translate.ts';

test('every field has its place in the IR', () => {
  const spec: ClientSpec = {
    ip: {
      trustedCIDRs: ['10.0.0.0/8'],
      trustedHops: 1,
      proxyProtocol: 'Optional',
      header: { name: 'CF-Connecting-IP', failClosed: true },
    },
    tls: { minVersion: 'TLSv1_3', ciphers: ['ECDHE-RSA-AES256-GCM-SHA384'] },
    headers: { underscores: 'Drop' },
    timeouts: { header: '1s', body: '2m', idle: '500ms' },
  };
  expect(translateClient(spec, 'client')).toEqual({
    client: {
      address: {
        trustedCIDRs: ['10.0.0.0/8'],
        trustedHops: 1,
        proxyProtocol: 'Optional',
        header: { name: 'cf-connecting-ip', failClosed: true },
      },
      underscores: 'Drop',
      timeouts: { header: 1_000, body: 120_000, idle: 500 },
    },
    tls: { minVersion: 'TLSv1.3', ciphers: ['ECDHE-RSA-AES256-GCM-SHA384'] },
  });
});

test('what is not said is left to the class; `ip` is one unit', () => {
  expect(translateClient({}, 'client')).toEqual({ client: {}, tls: {} });
  expect(translateClient({ ip: { trustedHops: 2 }, timeouts: { idle: '1s' } }, 'client')).toEqual({
    client: {
      address: { trustedCIDRs: [], trustedHops: 2, proxyProtocol: 'Disabled', header: null },
      timeouts: { idle: 1_000 },
    },
    tls: {},
  });
});

describe('refused', () => {
  const header = { name: 'CF-Connecting-IP', failClosed: false };
  test.each<[ClientSpec['ip'], string, string]>([
    [{ trustedCIDRs: ['10.0.0.0/8', '10.0.0.0/33'] }, 'client.ip.trustedCIDRs[1]', 'is no network'],
    [{ proxyProtocol: 'Optional' }, 'client.ip.proxyProtocol', 'trustedCIDRs'],
    [{ proxyProtocol: 'Optional', trustedCIDRs: [], trustedHops: 0 }, 'client.ip.proxyProtocol', 'trustedCIDRs'],
    [{ header }, 'client.ip.header', 'nobody is trusted'],
    [{ header, proxyProtocol: 'Required' }, 'client.ip.header', 'nobody is trusted'],
    [{ header: { ...header, name: 'X-Forwarded-For' }, trustedHops: 1 }, 'client.ip.header', 'list of addresses'],
    [{ header: { ...header, name: 'forwarded' }, trustedHops: 1 }, 'client.ip.header', 'list of addresses'],
  ])('%j at %s', (ip, path, message) => {
    expect(translateClient({ ...(ip !== undefined && { ip }) }, 'client')).toEqual([
      { path, reason: 'UnsupportedValue', message: expect.stringContaining(message) },
    ]);
  });

  test.each([
    { proxyProtocol: 'Optional', trustedHops: 1 } as const,
    { proxyProtocol: 'Required' } as const,
    { header, trustedCIDRs: ['10.0.0.0/8'] },
    {},
  ])('%j is not', (spec) => {
    expect(addressMistakes(spec)).toEqual([]);
  });
});
