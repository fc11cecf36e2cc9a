import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type Coding, codingOf, decompress } from './decompress.ts';

const encode: Readonly<Record<Coding, (bytes: Uint8Array) => Uint8Array>> = {
  identity: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};
const codings = Object.keys(encode) as Coding[];
const text = Buffer.from(Array.from({ length: 5_000 }, (_, i) => i).join());

describe.each(codings)('%s', (coding) => {
  test('gives what was encoded', async () => {
    expect(await decompress(coding, encode[coding](text), text.length)).toEqual(text);
  });

  test('ends at the limit', async () => {
    expect(await decompress(coding, encode[coding](text), text.length - 1)).toBe('too-large');
  });
});

describe.each(codings.slice(1))('%s', (coding) => {
  test('a bomb ends at its ratio, below the limit', async () => {
    const bomb = encode[coding](Buffer.alloc(20_000_000));
    expect(await decompress(coding, bomb, 100_000_000)).toBe('too-large');
  });

  test('what is none, or breaks off, is corrupt', async () => {
    expect(await decompress(coding, Buffer.from('no such thing'), 1_000)).toBe('corrupt');
    expect(await decompress(coding, encode[coding](text).subarray(0, 40), 100_000)).toBe('corrupt');
  });
});

test('a zstd window of 16 MiB is refused', async () => {
  const bytes = zstdCompressSync(text, { params: { [constants.ZSTD_c_windowLog]: 24 } });
  const wide = Buffer.from(bytes);
  expect(await decompress('zstd', wide, text.length)).toEqual(text);
  // Without a content size, the frame says the window it was made with.
  const frame = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (24 - 10) << 3, 0x01, 0x00, 0x00])]);
  expect(await decompress('zstd', frame, text.length)).toBe('corrupt');
});

test.each([
  [undefined, 'identity'],
  [' GZIP ', 'gzip'],
  ['x-gzip', 'gzip'],
  ['gzip, br', null],
  ['aes128gcm', null],
])('Content-Encoding %s is %s', (field, coding) => {
  expect(codingOf(field)).toBe(coding);
});
