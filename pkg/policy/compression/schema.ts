/** Compression of responses: what users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { choice, integer, list, size, text, type ValueOf } from '../../api/schema.ts';

export const compressionSchema = Type.Object(
  {
    algorithms: Type.Optional(
      list(
        choice(['Zstd', 'Brotli', 'Gzip'], 'Algorithm.'),
        3,
        'What may be used; of those that a client likes alike, the first. Default: Zstd, Brotli, Gzip.',
        { minItems: 1 },
      ),
    ),
    levels: Type.Optional(
      Type.Object(
        {
          zstd: integer(1, 12, 'Level of Zstd.', { default: 3 }),
          brotli: integer(0, 9, 'Quality of Brotli.', { default: 4 }),
          gzip: integer(1, 9, 'Level of gzip.', { default: 5 }),
        },
        { description: 'How hard each of them tries: higher is smaller, and costs more CPU.' },
      ),
    ),
    contentTypes: Type.Optional(
      list(
        text(127, 'Media type.', { pattern: '^([!-.0-~]+/[!-.0-~]+|\\*\\+[!-.0-~]+)$' }),
        32,
        'Media types that are compressed: `text/*`, `application/json`, `*+json`. Default: text, JSON, XML, JavaScript, SVG, WebAssembly, fonts that are not packed.',
        { minItems: 1 },
      ),
    ),
    minSize: Type.Optional(size('Shortest body that is compressed, if its length is known. Default: 1Ki.')),
    credentialed: choice(
      ['Skip', 'Compress'],
      'Answers that set cookies, or to requests with credentials. Compressing what holds a secret beside what a client sent can tell the secret (BREACH).',
      { default: 'Skip' },
    ),
  },
  { description: 'Compresses responses that are not compressed yet.' },
);

export type CompressionSpec = ValueOf<typeof compressionSchema>;

export type Coding = 'zstd' | 'br' | 'gzip';

export interface CompressionConfig {
  /** In order of preference. */
  readonly codings: readonly { readonly coding: Coding; readonly level: number }[];
  /** Lower case. */
  readonly contentTypes: readonly string[];
  /** Bytes. */
  readonly minSize: number;
  readonly credentialed: boolean;
}
