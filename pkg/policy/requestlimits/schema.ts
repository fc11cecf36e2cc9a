/** Limits of requests: what users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { celRules, choice, integer, list, size, text, type ValueOf } from '../../api/schema.ts';
import type { Coding } from '../decompress.ts';

const { Optional } = Type;

export const requestLimitsSchema = Type.Object(
  {
    bodySize: Optional(size('Body; a longer one is 413.')),
    decodedBodySize: Optional(size('Body once its Content-Encoding is undone; one that becomes longer is 413.')),
    decodedBodyRatio: Optional(
      integer(2, 10_000, 'How many times its own length a body may become, beyond the first 16 KiB; more is 413.'),
    ),
    contentEncodings: Optional(
      list(
        choice(['identity', 'gzip', 'deflate', 'br', 'zstd'], 'Content coding.'),
        5,
        'Content codings of bodies that are allowed, identity always; others are 415. Absent: any, or those that can be undone where a limit is on what they become.',
        { minItems: 1 },
      ),
    ),
    headerSize: Optional(size('Head of the request; a longer one is 431.')),
    headerCount: Optional(integer(1, 10_000, 'Header lines; more are 431.')),
    urlLength: Optional(integer(1, 1_048_576, 'Bytes of the request target, query included; a longer one is 414.')),
    queryParams: Optional(integer(0, 10_000, 'Query parameters; more are 400.')),
    methods: Optional(
      list(
        text(32, 'Method.', { pattern: "^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]*$" }),
        32,
        'Methods that are allowed, HEAD together with GET; others are 405.',
        { minItems: 1 },
      ),
    ),
    contentTypes: Optional(
      list(
        text(128, 'Media type.', { pattern: '^[A-Za-z0-9!#$&^_.+-]+/(\\*|[A-Za-z0-9!#$&^_.+-]+)$' }),
        32,
        'Media types of bodies that are allowed, without parameters: `application/json`, `image/*`; others, and none, are 415.',
        { minItems: 1 },
      ),
    ),
  },
  {
    description: 'How large a request may be, and of which kind. Every level of policies must let it in.',
    ...celRules({
      rule: "(has(self.mode) && self.mode == 'Disabled') || has(self.bodySize) || has(self.decodedBodySize) || has(self.decodedBodyRatio) || has(self.contentEncodings) || has(self.headerSize) || has(self.headerCount) || has(self.urlLength) || has(self.queryParams) || has(self.methods) || has(self.contentTypes)",
      message: 'one limit at least is required',
    }),
  },
);

export type RequestLimitsSpec = ValueOf<typeof requestLimitsSchema>;

/** null: no limit. */
export interface RequestLimitsConfig {
  readonly bodyBytes: number | null;
  readonly decodedBytes: number | null;
  readonly decodedRatio: number | null;
  readonly contentEncodings: readonly Coding[] | null;
  readonly headBytes: number | null;
  readonly headerCount: number | null;
  readonly urlLength: number | null;
  readonly queryParams: number | null;
  readonly methods: readonly string[] | null;
  /** Lower case. */
  readonly contentTypes: readonly string[] | null;
}
