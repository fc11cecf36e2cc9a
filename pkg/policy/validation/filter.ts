/** Data-plane half of validation. */
import { readJsonBody } from '../json-body.ts';
import { mediaTypeMatcher, mediaTypeOf } from '../media-type.ts';
import type { Exchange, FieldError, RuntimeFilter } from '../runtime.ts';
import { compileSchema } from './json-schema.ts';
import { type Check, Run, TooComplex } from './run.ts';
import type { ValidationConfig } from './schema.ts';

export function createValidation(config: ValidationConfig): RuntimeFilter {
  const { contentTypes, allowEmpty, maxSize } = config;
  const methods = new Set(config.methods);
  const isJson = mediaTypeMatcher(contentTypes);
  const check = compileSchema(config.schema);

  const validate = async (exchange: Exchange): Promise<void> => {
    const body = await readJsonBody(exchange.request, maxSize);
    if (body.kind === 'empty') {
      if (!allowEmpty) exchange.deny('request-invalid', {}, [{ path: '', message: 'a body is missing' }]);
      return;
    }
    if (body.kind === 'refused') {
      exchange.deny(body.code, {}, [{ path: '', message: `the body ${body.reason}` }]);
      return;
    }
    const errors = errorsOf(check, body.value);
    if (errors.length > 0) exchange.deny('request-invalid', {}, errors);
  };

  return {
    onRequest: (exchange) => {
      const { headers, method } = exchange.request;
      if (!methods.has(method)) return undefined;
      const type = headers.get('content-type');
      if (isJson(mediaTypeOf(type))) return validate(exchange);
      if (type === undefined && allowEmpty && !hasBody(exchange)) return undefined;
      // RFC 9110 12.5.1: "when sent by a server in a response, Accept provides information about which content types are preferred".
      exchange.deny('media-type-denied', {
        Accept: contentTypes.filter((pattern) => !pattern.startsWith('*')).join(', '),
      });
      return undefined;
    },
  };
}

/** RFC 9112 6.3: "the presence of a message body in a request is signaled by a Content-Length or Transfer-Encoding header field". */
function hasBody({ request: { headers } }: Exchange): boolean {
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}

function errorsOf(check: Check, value: unknown): readonly FieldError[] {
  const run = new Run();
  try {
    const passes = check(value, null, run);
    // A check that fails has told why; if none did, it fails all the same.
    return passes || run.errors.length > 0 ? run.errors : [{ path: '', message: 'does not match the schema' }];
  } catch (error) {
    if (!(error instanceof TooComplex)) throw error;
    return [{ path: '', message: 'is too large or too deep to be checked' }];
  }
}
