/** Decodes bodies of a bounded size: a few bytes must not become gigabytes (CVE-2026-48044, CVE-2024-28176). */
import { promisify } from 'node:util';
import { brotliDecompress, constants, gunzip, inflate, zstdDecompress } from 'node:zlib';

/** Content codings (RFC 9110 8.4.1) that are understood. */
export const codings = ['identity', 'gzip', 'deflate', 'br', 'zstd'] as const;
export type Coding = (typeof codings)[number];

/** Bytes that come out for each that goes in: text reaches 20, a bomb 1,000. */
const MaxRatio = 100;
/** Bytes that any body may become, whatever its ratio: short ones compress best. */
export const AnyRatio = 16_384;
/** RFC 9659: "the content coding "zstd" … limits the window size to 8 MB". The library would take 128. */
export const MaxZstdWindowLog = 23;

/** @param field Content-Encoding. @returns null for a coding that is not understood, and for several of them */
export function codingOf(field: string | undefined): Coding | null {
  switch (field?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
      return 'deflate';
    case 'br':
      return 'br';
    case 'zstd':
      return 'zstd';
    default:
      return null;
  }
}

const decoders = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: (bytes: Uint8Array, options: { readonly maxOutputLength: number }) =>
    promisify(zstdDecompress)(bytes, { ...options, params: { [constants.ZSTD_d_windowLogMax]: MaxZstdWindowLog } }),
} as const;

/** In the thread pool. @param limit bytes of the result */
export async function decompress(
  coding: Coding,
  bytes: Uint8Array,
  limit: number,
): Promise<Uint8Array | 'too-large' | 'corrupt'> {
  if (coding === 'identity') return bytes.length > limit ? 'too-large' : bytes;
  const maxOutputLength = Math.min(limit, Math.max(bytes.length * MaxRatio, AnyRatio));
  try {
    return await decoders[coding](bytes, { maxOutputLength });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    return code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'corrupt';
  }
}
