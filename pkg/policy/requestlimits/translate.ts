/** Control-plane half of request limits: sizes as numbers, names in the case that is compared. */
import { parseSize } from '../../api/quantity.ts';
import type { Problem } from '../../status/problem.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { RequestLimitsConfig, RequestLimitsSpec } from './schema.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateRequestLimits(spec: RequestLimitsSpec, path: string): Translated<RequestLimitsConfig> {
  if (Object.values(spec).every((value) => value === undefined))
    return [unsupported(path, 'says nothing; write one limit at least, such as bodySize: 1Mi')];
  const problems: Problem[] = [];
  const bytes = (name: 'bodySize' | 'decodedBodySize' | 'headerSize'): number | null => {
    const text = spec[name];
    if (text === undefined) return null;
    const size = parseSize(text);
    if (size === undefined)
      problems.push(unsupported(`${path}.${name}`, `"${text}" is no size; write one such as 64Ki`));
    return size ?? null;
  };
  const config = {
    bodyBytes: bytes('bodySize'),
    decodedBytes: bytes('decodedBodySize'),
    decodedRatio: spec.decodedBodyRatio ?? null,
    contentEncodings: spec.contentEncodings ?? null,
    headBytes: bytes('headerSize'),
    headerCount: spec.headerCount ?? null,
    urlLength: spec.urlLength ?? null,
    queryParams: spec.queryParams ?? null,
    methods: spec.methods === undefined ? null : withHead(spec.methods),
    contentTypes: spec.contentTypes?.map((type) => type.toLowerCase()) ?? null,
  };
  return problems.length > 0 ? problems : config;
}

// RFC 9110 9.1: "All general-purpose servers MUST support the methods GET and HEAD": whoever may read may ask what there is to read.
function withHead(methods: readonly string[]): readonly string[] {
  return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods;
}
