import { describe, expect, test } from '@jest/globals';
import { Authority } from './authority.ts';
import {
  Close,
  connectionOptions,
  InvalidOptions,
  isNamed,
  KeepAlive,
  NamesOthers,
  persists,
  Upgrade,
} from './connection.ts';
import { ChunkHeaderBytes, literal, writeBytes, writeChunkHeader, writeDecimal, writeText } from './encode.ts';
import { Head, Incomplete, MaxFields, scanRequest, scanResponse } from './head.ts';
import { Known, knownName } from './known.ts';
import { allowedInTrailers } from './trailers.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function headOf(...fields: string[]): { bytes: Buffer; head: Head } {
  const bytes = bytesOf(['GET / HTTP/1.1', ...fields, '', ''].join('\r\n'));
  const head = new Head();
  expect(scanRequest(bytes, 0, bytes.length, head)).toBe(bytes.length);
  return { bytes, head };
}

describe('scanRequest', () => {
  const request = 'GET /a?b=1 HTTP/1.1\r\nHost: example.com \r\nX-Empty:\r\nx-tab:\ta b\t\r\n\r\n';

  test('gives offsets into the bytes, white space trimmed', () => {
    const bytes = bytesOf(`junk\r\n${request}next`);
    const head = new Head();
    const end = 'junk\r\n'.length - 2;
    // Starts at the CRLF, which is skipped.
    expect(scanRequest(bytes, end, bytes.length, head)).toBe(bytes.length - 4);
    const field = (i: number): string[] => [
      bytes.toString('latin1', head.fields[4 * i], head.fields[4 * i + 1]),
      bytes.toString('latin1', head.fields[4 * i + 2], head.fields[4 * i + 3]),
    ];
    expect(bytes.toString('latin1', head.start, head.methodEnd)).toBe('GET');
    expect(bytes.toString('latin1', head.targetStart, head.targetEnd)).toBe('/a?b=1');
    expect([0, 1, 2].map(field)).toEqual([
      ['Host', 'example.com'],
      ['X-Empty', ''],
      ['x-tab', 'a b'],
    ]);
    expect([...head.known.subarray(0, head.count)]).toEqual([Known.Host, 0, 0]);
    expect(bytes.toString('latin1', head.fieldsStart, head.fieldsStart + 4)).toBe('Host');
    expect(head.end).toBe(bytes.length - 4);
  });

  test('never reads behind the end, whatever an older message left there', () => {
    const bytes = bytesOf(request);
    for (let cut = 0; cut < bytes.length; cut++)
      expect([cut, scanRequest(bytes, 0, cut, new Head())]).toEqual([cut, Incomplete]);
  });

  test('tells a target that is still growing from fields that are', () => {
    const head = new Head();
    const scan = (text: string): number => scanRequest(bytesOf(text), 0, text.length, head);
    expect(scan('GET / HTTP/1.1\r\n')).toBe(Incomplete);
    expect(head.targetEnd).toBe(5);
    expect(scan('GET /aaaaaaaaaaaa')).toBe(Incomplete);
    expect(head.targetEnd).toBe(0);
  });
});

test('scanResponse gives status, minor version and reason', () => {
  const bytes = bytesOf('HTTP/1.0 404 Not Found\r\nServer: a\r\n\r\n');
  const head = new Head();
  expect(scanResponse(bytes, 0, bytes.length, head)).toBe(bytes.length);
  expect([head.status, head.minor, bytes.toString('latin1', head.reasonStart, head.reasonEnd)]).toEqual([
    404,
    0,
    'Not Found',
  ]);
  expect(head.known[0]).toBe(Known.Server);
});

test('every known name is known in any case, and nothing near it', () => {
  const names = Object.entries(Known).map(
    ([name, id]) => [name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=^X)(?=[A-Z])/g, '-'), id] as const,
  );
  for (const [name, id] of names) {
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect([spelling, knownName(bytesOf(spelling), 0, spelling.length)]).toEqual([spelling, id]);
    }
    const near = `${name}x`;
    const family = near.startsWith('X-Forwarded-') ? Known.XForwarded : 0;
    expect([near, knownName(bytesOf(near), 0, near.length)]).toEqual([near, family]);
  }
  expect(names).toContainEqual(['X-Real-Ip', Known.XRealIp]);
  expect(names).toContainEqual(['HTTP2-Settings', Known.HTTP2Settings]);
  expect(knownName(bytesOf('a'.repeat(MaxFields)), 0, MaxFields)).toBe(0);
  const long = `x-Forwarded-${'a'.repeat(MaxFields)}`;
  expect(knownName(bytesOf(long), 0, long.length)).toBe(Known.XForwarded);
  expect(knownName(bytesOf('X-Envoy-Attempt-Count'), 0, 21)).toBe(Known.XEnvoy);
  for (const other of ['x-forwarder-for', 'y-envoy-a', 'X-Envoyer-A', 'X-Forwarded-', 'x-'])
    expect([other, knownName(bytesOf(other), 0, other.length)]).toEqual([other, 0]);
});

describe('connectionOptions', () => {
  test.each([
    [[], 0, true],
    [['Connection: close'], Close, false],
    [['Connection: Keep-Alive'], KeepAlive, true],
    [['connection: keep-alive, Upgrade'], KeepAlive | Upgrade, true],
    [['Connection: upgrade, HTTP2-Settings, TE'], Upgrade, true],
    [['Connection: close', 'Connection: X-A'], Close | NamesOthers, false],
    [['Connection: closed'], NamesOthers, true],
    [['Connection: , ,'], 0, true],
    [['Connection: a b'], InvalidOptions, true],
    [['Connection: a;b'], InvalidOptions, true],
  ])('%j is %d', (fields, expected, persistent) => {
    const { bytes, head } = headOf('Host: a', ...fields);
    expect(connectionOptions(bytes, head)).toBe(expected);
    expect(persists(expected, 1)).toBe(persistent);
  });

  test('HTTP/1.0 persists only when asked to', () => {
    expect([persists(0, 0), persists(KeepAlive, 0), persists(KeepAlive | Close, 0)]).toEqual([false, true, false]);
  });

  test('names fields that end here, in any case and over several lines', () => {
    const { bytes, head } = headOf(
      'Host: a',
      'X-A_1: 1',
      'X-B: 2',
      'Connection: close, x-a_1',
      'Connection: x-C',
      'x-c: 3',
      'X: 4',
    );
    expect(Array.from({ length: head.count }, (_, i) => isNamed(bytes, head, i))).toEqual([
      false,
      true,
      false,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe('Authority', () => {
  test.each([
    ['Example.COM', 'example.com', 0],
    ['example.com.:8080', 'example.com', 8080],
    ['[2001:DB8::1]:8443', '[2001:db8::1]', 8443],
    ['a:', 'a', 0],
  ])('%s is %s and %d', (text, host, port) => {
    const authority = new Authority();
    expect(authority.parse(bytesOf(text), 0, text.length)).toBe(true);
    expect([authority.host, authority.port, authority.text]).toEqual([host, port, text]);
  });

  test('keeps its answer for the same bytes only', () => {
    const authority = new Authority();
    const parse = (text: string): string | null =>
      authority.parse(bytesOf(text), 0, text.length) ? authority.host : null;
    expect(['a.b', 'a.b', 'a.c', 'a.', 'b..c', 'a.b', ''].map(parse)).toEqual([
      'a.b',
      'a.b',
      'a.c',
      'a',
      null,
      'a.b',
      null,
    ]);
  });
});

describe('encode', () => {
  const out = Buffer.alloc(256);
  const written = (end: number): string => out.toString('latin1', 3, end);

  test.each([0, 9, 10, 4095, 65_536, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER])('writes %d', (value) => {
    expect(written(writeDecimal(out, 3, value))).toBe(String(value));
  });

  test.each([0, 1, 15, 16, 255, 65_535, 2 ** 31, 2 ** 32 - 1])('writes the chunk header of %d bytes', (size) => {
    const end = writeChunkHeader(out, 3, size);
    expect(written(end)).toBe(`${size.toString(16)}\r\n`);
    expect(end - 3).toBeLessThanOrEqual(ChunkHeaderBytes);
  });

  test.each(['', 'short', 'ä', 'long '.repeat(20)])('writes %j as Latin-1, as text and as bytes', (text) => {
    expect(written(writeText(out, 3, text))).toBe(text);
    expect(written(writeBytes(out, 3, literal(text)))).toBe(text);
    expect(written(writeBytes(out, 3, literal(`<${text}>`), 1, text.length + 1))).toBe(text);
  });
});

test.each([
  ['grpc-status', true],
  ['Server-Timing', true],
  ['Content-Digest', true],
  ['Content-Encoding', false],
  ['content_length', false],
  ['X_Forwarded-For', false],
  ['If-Match', false],
  ['Set-Cookie', false],
])('the trailer %s is passed on: %s', (name, expected) => {
  expect(allowedInTrailers(name)).toBe(expected);
});
