/** Reads a request's body as JSON, bounded, for the policies that look into it. */
import { codingOf, decompress } from './decompress.ts';
import { JsonMistake, type JsonOptions, type JsonValue, parseJsonBytes } from './json.ts';
import { isUtf8Type } from './media-type.ts';
import type { DenialCode, RequestView } from './runtime.ts';

export type JsonBody =
  | {
      readonly kind: 'json';
      readonly value: JsonValue;
      /** It came with a Content-Encoding. */
      readonly encoded: boolean;
    }
  /** There is none. */
  | { readonly kind: 'empty' }
  /** Why it cannot be read as JSON. `reason` goes behind "the body …". */
  | { readonly kind: 'refused'; readonly code: DenialCode; readonly reason: string };

/** @param limit bytes, of the body as it came and as it is decoded */
export async function readJsonBody(request: RequestView, limit: number, options: JsonOptions = {}): Promise<JsonBody> {
  if (!isUtf8Type(request.headers.get('content-type')))
    return refused('media-type-denied', 'is in another charset than UTF-8');
  const coding = codingOf(request.headers.get('content-encoding'));
  if (coding === null) return refused('media-type-denied', 'has a Content-Encoding that is not understood');
  const received = await request.readBody(limit);
  if (received === null) return refused('body-too-large', `is longer than ${limit} bytes`);
  if (received.length === 0) return { kind: 'empty' };
  const bytes = await decompress(coding, received, limit);
  if (bytes === 'too-large') return refused('body-too-large', `is longer than ${limit} bytes when it is decoded`);
  if (bytes === 'corrupt') return refused('request-invalid', `is no ${coding}`);
  try {
    return { kind: 'json', value: parseJsonBytes(bytes, options), encoded: coding !== 'identity' };
  } catch (error) {
    if (!(error instanceof JsonMistake)) throw error;
    return refused('request-invalid', `${error.message} (at character ${error.at})`);
  }
}

function refused(code: DenialCode, reason: string): JsonBody {
  return { kind: 'refused', code, reason };
}
