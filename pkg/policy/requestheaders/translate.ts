/** Control-plane half of the request header modifier. */

import type { HTTPHeaderFilter } from '../../api/httproute.ts';
import { translateHeaders } from '../header-translation.ts';
import type { Translated } from '../translated.ts';
import type { RequestHeadersConfig } from './schema.ts';

const elsewhere = {
  host: 'use a URLRewrite filter with urlRewrite.hostname, which also decides what the backend sees as Host',
};

/** @param path where `spec` stands in its object, for messages */
export function translateRequestHeaders(spec: HTTPHeaderFilter, path: string): Translated<RequestHeadersConfig> {
  return translateHeaders(spec, path, elsewhere);
}
