/** Control-plane half of the response header modifier. */

import type { HTTPHeaderFilter } from '../../api/httproute.ts';
import { translateHeaders } from '../header-translation.ts';
import type { Translated } from '../translated.ts';
import type { ResponseHeadersConfig } from './schema.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateResponseHeaders(spec: HTTPHeaderFilter, path: string): Translated<ResponseHeadersConfig> {
  return translateHeaders(spec, path, {});
}
