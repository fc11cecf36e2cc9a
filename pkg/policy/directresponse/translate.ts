/** Control-plane half of direct responses. */

import type { DirectResponseFilter } from '../../api/gatewayroute.ts';
import type { Problem } from '../../status/problem.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { DirectResponseConfig } from './schema.ts';

/** Bytes; larger answers belong to a backend. */
const MaxBody = 4_096;

/** What a key of a ConfigMap holds, or why it cannot be read. */
export type ResolveBody = (
  bodyRef: NonNullable<DirectResponseFilter['bodyRef']>,
  path: string,
) => { readonly value: string } | Problem;

/** @param path where `spec` stands in its object, for messages */
export function translateDirectResponse(
  spec: DirectResponseFilter,
  path: string,
  resolve: ResolveBody,
): Translated<DirectResponseConfig> {
  const status = spec.statusCode;
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return [unsupported(`${path}.statusCode`, `${status} cannot be answered; use 200 to 599`)];
  if (spec.body !== undefined && spec.bodyRef !== undefined)
    return [unsupported(path, 'body and bodyRef exclude each other; keep one of them')];
  const contentType = spec.contentType ?? 'text/plain; charset=utf-8';
  if (!/^[\x21-\x7e][\x20-\x7e]*$/.test(contentType))
    return [
      unsupported(
        `${path}.contentType`,
        `"${contentType}" is no media type; write one such as text/plain or application/json`,
      ),
    ];

  let body = spec.body ?? '';
  if (spec.bodyRef !== undefined) {
    const resolved = resolve(spec.bodyRef, `${path}.bodyRef`);
    if (!('value' in resolved)) return [resolved];
    body = resolved.value;
  }
  const bytes = Buffer.byteLength(body);
  if (bytes > MaxBody)
    return [
      unsupported(
        spec.bodyRef === undefined ? `${path}.body` : `${path}.bodyRef`,
        `the body has ${bytes} bytes; at most ${MaxBody} are allowed, serve more from a backend`,
      ),
    ];
  // RFC 9110 15.3.5, 15.4.5: these end with their head.
  if (body !== '' && (status === 204 || status === 205 || status === 304))
    return [
      unsupported(`${path}.body`, `an answer with status ${status} has no body; remove it or use another status`),
    ];
  return { status, contentType, body };
}
