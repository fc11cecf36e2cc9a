/** A fake exchange for filter tests: holds what the filter sees and records what it does. */
import { Buffer } from 'node:buffer';
import type { Identity } from '../policy/identity.ts';
import type { PreparedFields } from '../policy/prepared-fields.ts';
import type {
  BodyGuard,
  BodyTransform,
  ClientCertificate,
  DenialCode,
  Exchange,
  FieldError,
  HeaderView,
  LocalResponse,
  Measure,
  Observer,
  RuntimeFilter,
} from '../policy/runtime.ts';
import { errors } from '../proxy/errors.ts';
import { cookieOf, queryParamOf } from '../proxy/query.ts';

type Fields = Readonly<Record<string, string | readonly string[]>>;

export interface ExchangeOptions {
  readonly method?: string;
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  readonly hostPort?: number;
  readonly listenerPort?: number;
  /** As the client sent it, escaped; the query may follow. */
  readonly target?: string;
  /** The canonical path, where it differs from the target's. */
  readonly path?: string;
  readonly matchedPrefix?: string;
  readonly headers?: Fields;
  readonly clientAddress?: string;
  /** Of the connection, where it is not the client. */
  readonly peerAddress?: string;
  readonly clientCertificate?: ClientCertificate;
  readonly identity?: Identity;
  /** Of an authentication before. */
  readonly challenge?: string;
  /** As a filter in shadow mode sees it; what it does is done all the same. */
  readonly shadow?: boolean;
  readonly body?: string | Uint8Array;
  /** The body does not say how long it is. */
  readonly chunked?: boolean;
  /** What the backend answers, if it is asked. */
  readonly status?: number;
  readonly responseHeaders?: Fields;
  readonly responseBody?: string | Uint8Array;
}

/** What happened. */
export interface Seen {
  /** undefined if the request would have been forwarded. */
  readonly local: LocalResponse | undefined;
  /** Why the request was refused. */
  readonly denied: DenialCode | undefined;
  /** What `deny` told of the request. */
  readonly fieldErrors: readonly FieldError[];
  readonly identity: Identity | null;
  readonly challenge: string;
  readonly status: number;
  /** Lines in order, `name: value`. */
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  readonly forwardPath: string;
  readonly forwardHost: string;
  readonly forwardQuery: string;
  readonly forwardMethod: string;
  /** The body that goes upstream. */
  readonly requestBody: Buffer;
  /** What `limitBody` was told, the smallest; Infinity if nobody did. */
  readonly bodyLimit: number;
  /** The body that the client gets, once the transforms are through. */
  readonly responseBody: () => Promise<Buffer>;
  readonly mirrors: readonly string[];
  /** Of policies in shadow mode: `policy decision code`. */
  readonly decisions: readonly string[];
}

/** Runs both phases of a filter over one exchange. */
export async function run(filter: RuntimeFilter, options: ExchangeOptions = {}): Promise<Seen> {
  const { exchange, guards, seen } = createExchange(options);
  await filter.onRequest?.(exchange);
  const body = Buffer.from(options.body ?? '');
  for (const guard of guards) {
    const refusal = await guarded(guard, body);
    if (refusal !== null) exchange.deny(refusal);
  }
  await filter.onResponse?.(exchange);
  return seen();
}

export function createExchange(options: ExchangeOptions = {}): {
  readonly exchange: Exchange;
  /** Of the body, which nobody has read yet. */
  readonly guards: readonly BodyGuard[];
  readonly seen: () => Seen;
} {
  const target = options.target ?? '/';
  const question = target.includes('?') ? target.indexOf('?') : target.length;
  const requestHeaders = new Lines(options.headers);
  let responseHeaders = new Lines(options.responseHeaders);
  let status = options.status ?? 200;
  let local: LocalResponse | undefined;
  let forwardPath = target.slice(0, question);
  let forwardHost = options.host ?? 'example.org';
  let forwardQuery = target.slice(question);
  let forwardMethod = options.method ?? 'GET';
  let denied: DenialCode | undefined;
  let fieldErrors: readonly FieldError[] = [];
  let bodyLimit = Number.POSITIVE_INFINITY;
  let requestBody: Buffer = Buffer.from(options.body ?? '');
  let responseBody: Buffer = Buffer.from(options.responseBody ?? '');
  const guards: BodyGuard[] = [];
  const transforms: BodyTransform[] = [];
  const mirrors: string[] = [];
  const answer = (response: LocalResponse): void => {
    local = response;
    status = response.status;
    responseHeaders = new Lines(response.headers);
    responseBody = Buffer.from(response.body);
  };

  const decisions: string[] = [];
  const observer: Observer = {
    identity: undefined,
    challenge: undefined,
    pending: null,
    views: new Map(),
    request: () => exchange.request,
    response: () => exchange.response,
    body: (limit) => exchange.request.readBody(limit),
    limitBody: (limit) => requestBody.length <= limit,
    decision: (...told) => void decisions.push(told.join(' ')),
    fault: (policy) => void decisions.push(`${policy} error filter-failed`),
  };
  const exchange: Exchange = {
    identity: options.identity ?? null,
    challenge: options.challenge ?? '',
    connection: {
      address: options.peerAddress ?? options.clientAddress ?? '192.0.2.1',
      servername: options.scheme === 'https' ? (options.host ?? 'example.org') : null,
      tls: options.scheme === 'https' ? { protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' } : null,
      clientCertificate: options.clientCertificate ?? null,
    },
    get answered() {
      return local !== undefined;
    },
    request: {
      method: options.method ?? 'GET',
      scheme: options.scheme ?? 'http',
      host: options.host ?? 'example.org',
      hostPort: options.hostPort ?? 0,
      listenerPort: options.listenerPort ?? 80,
      path: options.path ?? forwardPath,
      get forwardPath() {
        return forwardPath;
      },
      query: target.slice(question),
      get forwardQuery() {
        return forwardQuery;
      },
      headers: requestHeaders,
      clientAddress: options.clientAddress ?? '192.0.2.1',
      requestId: 'request-1',
      cookie: (name) => cookieOf(requestHeaders.get('cookie') ?? '', name),
      queryParam: (name) => queryParamOf(target.slice(question), name),
      setForwardQuery: (query) => void (forwardQuery = query),
      setForwardMethod: (method) => void (forwardMethod = method),
      readBody: async (limit) => (requestBody.length > limit ? null : requestBody),
      hasBody: requestBody.length > 0 || options.chunked === true,
      measure: (what) => measure(what, options, target),
      limitBody: (limit) => {
        bodyLimit = Math.min(bodyLimit, limit);
        return options.chunked === true || requestBody.length <= limit;
      },
      guardBody(guard) {
        guards.push(guard);
        return null;
      },
      setBody: (bytes) => void (requestBody = Buffer.from(bytes)),
      setForwardPath: (path) => void (forwardPath = path),
      setForwardHost: (authority) => void (forwardHost = authority),
    },
    get response() {
      return { status, headers: responseHeaders, setStatus: (next: number) => void (status = next) };
    },
    matchedPrefix: options.matchedPrefix ?? '',
    respond: answer,
    replaceResponse(response) {
      if (local === undefined) return answer(response);
      for (const [name, value] of Object.entries(response.headers)) responseHeaders.set(name, value);
      local = response;
      status = response.status;
      responseBody = Buffer.from(response.body);
    },
    transformBody: (transform) => void transforms.push(transform),
    deny(code, headers = {}, why = []) {
      denied = code;
      fieldErrors = why;
      answer({ status: errors[code].status, headers, body: '' });
    },
    mirror: (cluster) => void mirrors.push(cluster),
    shadow: options.shadow ?? false,
    observe: () => observer,
    signal: new AbortController().signal,
  };
  return {
    exchange,
    guards,
    seen: () => ({
      local,
      denied,
      fieldErrors,
      identity: exchange.identity,
      challenge: exchange.challenge,
      status,
      requestHeaders: requestHeaders.text(),
      responseHeaders: responseHeaders.text(),
      forwardPath,
      forwardHost,
      forwardQuery,
      forwardMethod,
      requestBody,
      bodyLimit,
      responseBody: async () => {
        let body = responseBody;
        for (const transform of transforms) body = await through(transform, body);
        return body;
      },
      mirrors,
      decisions,
    }),
  };
}

/** As HTTP/1.1 would have brought it. */
function measure(what: Measure, options: ExchangeOptions, target: string): number {
  const lines = new Lines({ host: options.host ?? 'example.org', ...options.headers }).text();
  if (what === 'fields') return lines.length;
  if (what === 'target') return target.length;
  return [`${options.method ?? 'GET'} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n').length;
}

/** What a guard says of a body that comes in pieces. */
async function guarded(guard: BodyGuard, body: Buffer): Promise<DenialCode | null> {
  try {
    for (let at = 0; at < body.length; at += 1_000) {
      const refusal = await guard.data(body.subarray(at, at + 1_000), false);
      if (refusal !== null) return refusal;
    }
    return await guard.data(Buffer.alloc(0), true);
  } finally {
    guard.close();
  }
}

/** Everything a transform makes of `body`, given to it in pieces. */
async function through(transform: BodyTransform, body: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  const ended = Promise.withResolvers<void>();
  const sink = {
    data: (bytes: Uint8Array) => void parts.push(Buffer.from(bytes)),
    drained: () => null,
    end: () => ended.resolve(),
    fail: () => ended.reject(new Error('the transform failed')),
  };
  try {
    for (let at = 0; at < body.length; at += 1_000) await transform.data(body.subarray(at, at + 1_000), sink);
    await transform.end(sink);
    await ended.promise;
  } finally {
    transform.close();
  }
  return Buffer.concat(parts);
}

class Lines implements HeaderView {
  #lines: (readonly [name: string, value: string])[];

  constructor(fields: Fields = {}) {
    this.#lines = Object.entries(fields).flatMap(([name, values]) =>
      [values].flat().map((value): readonly [string, string] => [name, value]),
    );
  }

  get(name: string): string | undefined {
    const values = this.#lines.filter((line) => isNamed(line, name)).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(name === 'cookie' ? '; ' : ', ');
  }

  has(name: string): boolean {
    return this.#lines.some((line) => isNamed(line, name));
  }

  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  add(name: string, value: string): void {
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw new RangeError(`no field value: ${value}`);
    this.#lines.push([name, value]);
  }

  remove(name: string): void {
    this.#lines = this.#lines.filter((line) => !isNamed(line, name));
  }

  setAll({ names, values }: PreparedFields): void {
    names.forEach((name, i) => this.set(name, values[i]!));
  }

  fillIn({ names, values }: PreparedFields): void {
    names.forEach((name, i) => void (this.has(name) || this.set(name, values[i]!)));
  }

  lines(): readonly (readonly [string, string])[] {
    return this.#lines.map(([name, value]) => [name.toLowerCase(), value]);
  }

  text(): readonly string[] {
    return this.#lines.map(([name, value]) => `${name}: ${value}`);
  }
}

function isNamed([name]: readonly [string, string], other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
