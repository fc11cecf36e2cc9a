/** Bodies that are encoded: what they become is limited, by real bombs of every coding, and what cannot be looked into is refused. */
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { run, type Seen } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createRequestLimits } from './filter.ts';
import type { RequestLimitsSpec } from './schema.ts';
import { translateRequestLimits } from './translate.ts';

const encoders: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};
const encoder = (coding: string) => encoders[coding] ?? gzipSync;
const codings = Object.keys(encoders);

function send(spec: RequestLimitsSpec, coding: string | undefined, body: Uint8Array): Promise<Seen> {
  const config = translateRequestLimits(spec, 'limits');
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  const headers = coding === undefined ? {} : { 'content-encoding': coding };
  return run(createRequestLimits(config), { method: 'POST', headers, body });
}
const denied = async (...args: Parameters<typeof send>) => (await send(...args)).denied;

describe.each(codings)('%s', (coding) => {
  const encode = encoder(coding);
  // Not to be compressed further: that the ratio of the whole is small does not help it.
  const noise = randomBytes(50_000);

  test('just as long as may be, and a byte longer', async () => {
    expect(await denied({ decodedBodySize: '50000' }, coding, encode(noise))).toBeUndefined();
    expect(await denied({ decodedBodySize: '49999' }, coding, encode(noise))).toBe('body-too-large');
  });

  test('a bomb of 20 MB', async () => {
    const bomb = encode(Buffer.alloc(20_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await denied({ decodedBodySize: '1Mi' }, coding, bomb)).toBe('body-too-large');
    expect(await denied({ decodedBodyRatio: 100 }, coding, bomb)).toBe('body-too-large');
    expect(await denied({ bodySize: '1Mi' }, coding, bomb)).toBeUndefined();
  });

  test('a bomb behind what is honest', async () => {
    const body = Buffer.concat([noise, Buffer.alloc(3_000_000)]);
    expect(await denied({ decodedBodySize: '2M' }, coding, encode(body))).toBe('body-too-large');
    expect(await denied({ decodedBodyRatio: 20 }, coding, encode(body))).toBe('body-too-large');
    expect(await denied({ decodedBodyRatio: 100 }, coding, encode(body))).toBeUndefined();
  });

  test('short ones may become 16 KiB, whatever their ratio', async () => {
    expect(await denied({ decodedBodyRatio: 2 }, coding, encode(Buffer.alloc(16_384)))).toBeUndefined();
    expect(await denied({ decodedBodyRatio: 2 }, coding, encode(Buffer.alloc(16_385)))).toBe('body-too-large');
  });

  test('one that is cut off, one that is none, and one with something behind it', async () => {
    const body = encode(noise);
    const spec = { decodedBodySize: '1Mi' };
    expect(await denied(spec, coding, body.subarray(0, -5))).toBe('request-invalid');
    expect(await denied(spec, coding, noise)).toBe('request-invalid');
    // A decoder that goes on behind the end would find the bomb.
    expect(await denied(spec, coding, Buffer.concat([body, Buffer.from('garbage')]))).toBe('request-invalid');
  });

  test('a second one behind the first counts, or is refused', async () => {
    const body = Buffer.concat([encode(noise), encode(Buffer.alloc(2_000_000))]);
    expect(await denied({ decodedBodySize: '1Mi' }, coding, body)).toMatch(/^(body-too-large|request-invalid)$/);
  });
});

test('a window of zstd that is larger than HTTP allows', async () => {
  const wide = zstdCompressSync(Buffer.alloc(100), { params: { [constants.ZSTD_c_windowLog]: 24 } });
  expect(await denied({ decodedBodySize: '1Ki' }, 'zstd', wide)).toBeUndefined();
  const body = randomBytes(1_000);
  const large = zstdCompressSync(Buffer.concat([body, Buffer.alloc(20_000_000)]), {
    params: { [constants.ZSTD_c_windowLog]: 25, [constants.ZSTD_c_contentSizeFlag]: 0 },
  });
  expect(await denied({ decodedBodySize: '100M' }, 'zstd', large)).toBe('request-invalid');
});

test('what is not encoded counts as it is', async () => {
  expect(await denied({ decodedBodySize: '5' }, undefined, Buffer.from('12345'))).toBeUndefined();
  expect(await denied({ decodedBodySize: '5' }, 'identity', Buffer.from('123456'))).toBe('body-too-large');
  expect(await denied({ decodedBodyRatio: 2 }, undefined, Buffer.alloc(100_000))).toBeUndefined();
});

test('an encoded body of nothing at all', async () => {
  expect(await denied({ decodedBodySize: '5' }, 'gzip', Buffer.alloc(0))).toBeUndefined();
});

describe('codings', () => {
  const body = gzipSync('{}');
  test.each<[string, RequestLimitsSpec, string, string | undefined]>([
    ['an unknown one, where it would have to be undone', { decodedBodySize: '1Mi' }, 'compress', 'media-type-denied'],
    ['two of them', { decodedBodySize: '1Mi' }, 'gzip, gzip', 'media-type-denied'],
    ['two of them, one of which does nothing', { decodedBodyRatio: 10 }, 'identity, gzip', 'media-type-denied'],
    ['one that is allowed', { contentEncodings: ['gzip'] }, 'GZIP', undefined],
    ['its other name', { contentEncodings: ['gzip'] }, 'x-gzip', undefined],
    ['one that is not', { contentEncodings: ['br', 'zstd'] }, 'gzip', 'media-type-denied'],
    ['none but identity', { contentEncodings: ['identity'] }, 'gzip', 'media-type-denied'],
    ['identity, always', { contentEncodings: ['br'] }, 'identity', undefined],
    ['an unknown one that nobody asked about', { bodySize: '1Mi' }, 'compress', undefined],
  ])('%s', async (_, spec, coding, code) => {
    const seen = await send(spec, coding, body);
    expect(seen.denied).toBe(code);
    expect(seen.responseHeaders.join().startsWith('Accept-Encoding: identity')).toBe(code !== undefined);
  });

  test('that are raw deflate are not what the RFC calls deflate', async () => {
    expect(await denied({ decodedBodySize: '1Mi' }, 'deflate', deflateRawSync('{}'))).toBe('request-invalid');
  });
});
