/** Data-plane half of body transforms: bodies in memory, read strictly, bounded. */
import { compileExpression, ExpressionFailure } from '../../expression/expression.ts';
import { type Coding, codingOf, decompress } from '../decompress.ts';
import { JsonMistake, parseJsonBytes } from '../json.ts';
import { readJsonBody } from '../json-body.ts';
import { mediaTypeMatcher, mediaTypeOf } from '../media-type.ts';
import type { BodySink, BodyTransform, Exchange, HeaderView } from '../runtime.ts';
import { changeJson } from './json.ts';
import type { BodyTransformConfig } from './schema.ts';
import { placeOf, type ValueContext } from './values.ts';
import { weightOf } from './weight.ts';

/** Of what an expression gives, for each byte of the longest body that is read. Four is what `weightOf` takes a digit in a list for. */
const Weight = 4;

/** @returns undefined if the body cannot hold what is to be set */
type Change = (exchange: Exchange, body: unknown) => Buffer | undefined;

function createChange(
  { maxSize, mergePatch, remove, set }: BodyTransformConfig,
  { scope, dropped }: ValueContext,
): Change {
  const setting = set.map(({ path, source }) => ({
    path,
    place: placeOf(scope, 'body', path.map((token) => `/${token}`).join('')),
    expression: compileExpression(source, 'json', { ...scope, body: true }),
  }));
  return (exchange, body) => {
    // Of all that is set together, weighed generously: what a small body can become must not fill the memory.
    let left = Weight * maxSize;
    // All of them see the body as it came.
    const values = setting.map(({ path, place, expression }) => {
      const value = valueOf(() => expression.evaluate(exchange, body));
      left -= weightOf(value, left);
      if (value === undefined) dropped(place, 'failed');
      else if (left < 0) dropped(place, 'invalid');
      return { path, value: left < 0 ? undefined : value };
    });
    const changed = changeJson(body, { mergePatch, remove, set: values });
    return changed === undefined ? undefined : Buffer.from(JSON.stringify(changed));
  };
}

/** undefined without a value: what the other side sent there is gone all the same. */
function valueOf(evaluate: () => unknown): unknown {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof ExpressionFailure) return undefined;
    throw error;
  }
}

/** @returns a phase that gives false if it refused the request */
export function createRequestBody(
  config: BodyTransformConfig,
  context: ValueContext,
): (exchange: Exchange) => Promise<boolean> | undefined {
  const change = createChange(config, context);
  const isJson = mediaTypeMatcher(config.contentTypes);
  const read = async (exchange: Exchange): Promise<boolean> => {
    const { request } = exchange;
    const body = await readJsonBody(request, config.maxSize, { exact: true });
    if (body.kind === 'empty') return true;
    if (body.kind === 'refused') {
      exchange.deny(body.code);
      return false;
    }
    const changed = change(exchange, body.value);
    if (changed === undefined) {
      exchange.deny('request-invalid');
      return false;
    }
    request.setBody(changed);
    forget(request.headers);
    return true;
  };
  return (exchange) => {
    const field = exchange.request.headers.get('content-type');
    if (isJson(mediaTypeOf(field))) return read(exchange);
    if (field?.split(',').some((one) => isJson(mediaTypeOf(one))) !== true) return undefined;
    // A list of types, in which a backend may find the one that is changed here.
    exchange.deny('media-type-denied');
    return refused;
  };
}

const refused = Promise.resolve(false);

/** @returns a phase that gives false if the response cannot be sent */
export function createResponseBody(
  config: BodyTransformConfig,
  context: ValueContext,
): (exchange: Exchange) => boolean {
  const change = createChange(config, context);
  const isJson = mediaTypeMatcher(config.contentTypes);
  return (exchange) => {
    const { request, response } = exchange;
    const type = mediaTypeOf(response.headers.get('content-type'));
    // A part of a body may hold what the whole would not show, and is no JSON.
    const partial = response.status === 206 && type === 'multipart/byteranges';
    if (!partial && !type.split(',').some((one) => isJson(one.trim()))) return true;
    if (request.method === 'HEAD' || response.status === 204 || response.status === 304) {
      forget(response.headers);
      return true;
    }
    const coding = codingOf(response.headers.get('content-encoding'));
    const length = Number(response.headers.get('content-length') ?? '0');
    if (response.status === 206 || coding === null || length > config.maxSize) return false;
    exchange.transformBody(
      new JsonTransform(coding, config.maxSize, (bytes) => change(exchange, parseJsonBytes(bytes, { exact: true }))),
    );
    forget(response.headers);
    return true;
  };
}

/** Fields that say something of the bytes that were. */
function forget(headers: HeaderView): void {
  const gone = ['content-encoding', 'content-md5', 'digest', 'content-digest', 'repr-digest', 'etag', 'accept-ranges'];
  for (const name of gone) headers.remove(name);
}

class JsonTransform implements BodyTransform {
  readonly #coding: Coding;
  readonly #limit: number;
  readonly #change: (bytes: Uint8Array) => Buffer | undefined;
  readonly #parts: Buffer[] = [];
  #length = 0;
  /** Failed, or over: nothing is emitted any more. */
  #closed = false;

  constructor(coding: Coding, limit: number, change: (bytes: Uint8Array) => Buffer | undefined) {
    this.#coding = coding;
    this.#limit = limit;
    this.#change = change;
  }

  data(bytes: Uint8Array, sink: BodySink): void {
    if (this.#closed) return;
    this.#length += bytes.length;
    if (this.#length > this.#limit) this.#fail(sink);
    else this.#parts.push(Buffer.from(bytes));
  }

  end(sink: BodySink): void | Promise<void> {
    if (this.#closed) return undefined;
    const received = Buffer.concat(this.#parts);
    this.#parts.length = 0;
    // Nothing stays nothing.
    if (received.length === 0) sink.end();
    else if (this.#coding === 'identity') this.#finish(received, sink);
    else return this.#decode(received, sink);
    return undefined;
  }

  close(): void {
    this.#closed = true;
    this.#parts.length = 0;
  }

  async #decode(received: Buffer, sink: BodySink): Promise<void> {
    const bytes = await decompress(this.#coding, received, this.#limit);
    if (typeof bytes === 'string') this.#fail(sink);
    else this.#finish(bytes, sink);
  }

  #finish(bytes: Uint8Array, sink: BodySink): void {
    if (this.#closed) return;
    const changed = this.#changed(bytes);
    if (changed === undefined) {
      this.#fail(sink);
      return;
    }
    sink.data(changed);
    sink.end();
  }

  #changed(bytes: Uint8Array): Buffer | undefined {
    try {
      return this.#change(bytes);
    } catch (error) {
      if (error instanceof JsonMistake) return undefined;
      throw error;
    }
  }

  /** The head may be gone already: a broken response, never one that was not changed. */
  #fail(sink: BodySink): void {
    if (this.#closed) return;
    this.close();
    sink.fail();
  }
}
