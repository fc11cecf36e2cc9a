/** Control-plane half of compression. */
import { parseSize } from '../../api/quantity.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { Coding, CompressionConfig, CompressionSpec } from './schema.ts';

const MaxMinSize = 1_073_741_824;

const codings = { Zstd: 'zstd', Brotli: 'br', Gzip: 'gzip' } as const satisfies Readonly<Record<string, Coding>>;

const compressible = [
  'text/*',
  'application/json',
  '*+json',
  'application/xml',
  '*+xml',
  'application/javascript',
  'application/x-javascript',
  'application/manifest+json',
  'application/graphql-response+json',
  'application/wasm',
  'application/vnd.ms-fontobject',
  'font/ttf',
  'font/otf',
  'image/bmp',
];

/** @param path where `spec` stands in its object, for messages */
export function translateCompression(spec: CompressionSpec, path: string): Translated<CompressionConfig> {
  const { algorithms = ['Zstd', 'Brotli', 'Gzip'], contentTypes = compressible, levels } = spec;
  const { zstd = 3, brotli = 4, gzip = 5 } = levels ?? {};
  const minSize = spec.minSize === undefined ? 1_024 : (parseSize(spec.minSize) ?? -1);
  if (minSize < 0 || minSize > MaxMinSize)
    return [unsupported(`${path}.minSize`, `"${spec.minSize}" is not between 0 and 1Gi; write a size such as 1Ki`)];
  const level: Readonly<Record<Coding, number>> = { zstd, br: brotli, gzip };
  return {
    codings: [...new Set(algorithms)].map((name) => ({ coding: codings[name], level: level[codings[name]] })),
    contentTypes: contentTypes.map((type) => type.toLowerCase()),
    minSize,
    credentialed: spec.credentialed === 'Compress',
  };
}
