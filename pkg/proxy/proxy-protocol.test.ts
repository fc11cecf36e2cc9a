import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { announce2 } from '../testkit/proxy-header.ts';
import { MaxLength2, type ProxyHeader, readProxyHeader } from './proxy-protocol.ts';

const read = (bytes: Buffer | string): ProxyHeader => {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  return readProxyHeader(buffer, 0, buffer.length);
};
const longest = `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`;

describe('version 1', () => {
  test.each<[string, string | null]>([
    ['PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n', '192.0.2.1 56324'],
    ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255 65535'],
    ['PROXY TCP4 192.0.2.1 198.51.100.1 0 0\r\n', '192.0.2.1 0'],
    ['PROXY TCP6 2001:DB8:0:0::1 2001:db8::2 56324 443\r\n', '2001:db8::1 56324'],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n', '192.0.2.1 1'],
    ['PROXY UNKNOWN\r\n', null],
    ['PROXY UNKNOWN 192.0.2.1 anything at all\r\n', null],
    [longest, null],
  ])('%j is read', (line, source) => {
    const bytes = Buffer.from(`${line}GET / HTTP/1.1\r\n`);
    const header = read(bytes);
    if (header.kind !== 'header') throw new Error(header.kind);
    expect(header.length).toBe(line.length);
    expect(header.source === null ? null : `${header.source.address} ${header.source.port}`).toBe(source);
    for (let cut = 0; cut < line.length; cut++) expect(read(bytes.subarray(0, cut)).kind).toBe('incomplete');
  });

  test.each([
    'PROXY \r\n',
    'PROXY TCP4\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n',
    'PROXY TCP4  192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.1\t198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\r\n',
    'PROXY TCP4 192.0.2.1\r 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.01 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 056 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324 \r\n',
    'PROXY TCP4 2001:db8::1 2001:db8::2 56324 443\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY TCP6 fe80::1%eth0 2001:db8::2 56324 443\r\n',
    'PROXY TCP5 192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY tcp4 192.0.2.1 198.51.100.1 56324 443\r\n',
    'PROXY UNKNOWNX\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.1 56324 443\r\n',
    `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`,
    `PROXY UNKNOWN ${'f'.repeat(200)}`,
  ])('%j is invalid', (line) => {
    expect(read(`${line}GET`).kind).toBe('invalid');
  });
});

describe('version 2', () => {
  const v4 = announce2({ source: '192.0.2.1', port: 56_324 });
  const v6 = announce2({ source: '2001:db8::1', port: 443 });
  const tlv = (length: number, claims = length) => {
    const bytes = Buffer.alloc(3 + length, 4);
    bytes.writeUInt16BE(claims, 1);
    return bytes;
  };

  test.each<[string, Buffer, string | null]>([
    ['IPv4', v4, '192.0.2.1 56324'],
    ['IPv6', v6, '2001:db8::1 443'],
    ['a mapped address', announce2({ source: '::ffff:192.0.2.1', port: 1 }), '192.0.2.1 1'],
    ['TLVs', announce2({ source: '192.0.2.1', port: 1, tlvs: Buffer.concat([tlv(0), tlv(7)]) }), '192.0.2.1 1'],
    ['the longest', announce2({ source: '192.0.2.1', port: 1, tlvs: tlv(MaxLength2 - 12 - 3) }), '192.0.2.1 1'],
    ['LOCAL', announce2({ source: '192.0.2.1', port: 1, command: 0x20 }), null],
    ['LOCAL without addresses', announce2({ source: '', port: 0, command: 0x20, family: 0 }), null],
  ])('%s is read', (_, bytes, source) => {
    const header = read(Buffer.concat([bytes, Buffer.from('GET /')]));
    if (header.kind !== 'header') throw new Error(header.kind);
    expect(header.length).toBe(bytes.length);
    expect(header.source === null ? null : `${header.source.address} ${header.source.port}`).toBe(source);
    for (let cut = 0; cut < bytes.length; cut++) expect(read(bytes.subarray(0, cut)).kind).toBe('incomplete');
  });

  test.each<[string, Buffer]>([
    ['another version', announce2({ source: '192.0.2.1', port: 1, command: 0x11 })],
    ['another command', announce2({ source: '192.0.2.1', port: 1, command: 0x22 })],
    ['UNSPEC', announce2({ source: '192.0.2.1', port: 1, family: 0 })],
    ['UDP', announce2({ source: '192.0.2.1', port: 1, family: 0x12 })],
    ['a unix socket', announce2({ source: '192.0.2.1', port: 1, family: 0x31, tlvs: Buffer.alloc(204) })],
    ['no room for the addresses', announce2({ source: '192.0.2.1', port: 1, family: 0x21 })],
    ['a TLV that is longer than it says', announce2({ source: '192.0.2.1', port: 1, tlvs: tlv(5, 4) })],
    ['a TLV beyond the end', announce2({ source: '192.0.2.1', port: 1, tlvs: tlv(5, 6) })],
    ['half a TLV', announce2({ source: '192.0.2.1', port: 1, tlvs: Buffer.alloc(2) })],
    ['one byte too many', announce2({ source: '192.0.2.1', port: 1, tlvs: tlv(MaxLength2 - 12 - 2) })],
    ['65,535 bytes, before they have come', Buffer.concat([v4.subarray(0, 14), Buffer.from([0xff, 0xff])])],
  ])('%s is invalid', (_, bytes) => {
    expect(read(bytes).kind).toBe('invalid');
  });
});

test.each([
  'GET / HTTP/1.1',
  'POST /',
  'P0',
  'PROXYX',
  '\r\n\r\nGET',
  '\x16\x03\x01',
  ' PROXY TCP4',
  '\x00',
  'proxy TCP4',
])('%j is none', (bytes) => {
  expect(read(bytes).kind).toBe('absent');
});

test('it is read where it stands in its buffer', () => {
  const bytes = Buffer.from('xxPROXY UNKNOWN\r\nGET');
  expect(readProxyHeader(bytes, 2, bytes.length)).toEqual({ kind: 'header', length: 15, source: null });
  expect(readProxyHeader(bytes, 2, 16).kind).toBe('incomplete');
});
