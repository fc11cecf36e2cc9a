/** A fake exchange for filter tests: holds what the filter sees and records what it does. */
import type { Exchange, HeaderView, LocalResponse, RuntimeFilter } from '../policy/runtime.ts';

type Fields = Readonly<Record<string, string | readonly string[]>>;

export interface ExchangeOptions {
  readonly method?: string;
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  readonly listenerPort?: number;
  /** As the client sent it, escaped; the query may follow. */
  readonly target?: string;
  /** The canonical path, where it differs from the target's. */
  readonly path?: string;
  readonly matchedPrefix?: string;
  readonly headers?: Fields;
  /** What the backend answers, if it is asked. */
  readonly status?: number;
  readonly responseHeaders?: Fields;
}

/** What happened. */
export interface Seen {
  /** undefined if the request would have been forwarded. */
  readonly local: LocalResponse | undefined;
  readonly status: number;
  /** Lines in order, `name: value`. */
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  readonly forwardPath: string;
  readonly forwardHost: string;
  readonly mirrors: readonly string[];
}

/** Runs both phases of a filter over one exchange. */
export async function run(filter: RuntimeFilter, options: ExchangeOptions = {}): Promise<Seen> {
  const { exchange, seen } = createExchange(options);
  await filter.onRequest?.(exchange);
  await filter.onResponse?.(exchange);
  return seen();
}

export function createExchange(options: ExchangeOptions = {}): {
  readonly exchange: Exchange;
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
  const mirrors: string[] = [];

  const exchange: Exchange = {
    request: {
      method: options.method ?? 'GET',
      scheme: options.scheme ?? 'http',
      host: options.host ?? 'example.org',
      hostPort: 0,
      listenerPort: options.listenerPort ?? 80,
      path: options.path ?? forwardPath,
      get forwardPath() {
        return forwardPath;
      },
      query: target.slice(question),
      headers: requestHeaders,
      clientAddress: '192.0.2.1',
      setForwardPath: (path) => void (forwardPath = path),
      setForwardHost: (authority) => void (forwardHost = authority),
    },
    get response() {
      return { status, headers: responseHeaders };
    },
    matchedPrefix: options.matchedPrefix ?? '',
    respond: (response) => {
      local = response;
      status = response.status;
      responseHeaders = new Lines(response.headers);
    },
    mirror: (cluster) => void mirrors.push(cluster),
  };
  return {
    exchange,
    seen: () => ({
      local,
      status,
      requestHeaders: requestHeaders.text(),
      responseHeaders: responseHeaders.text(),
      forwardPath,
      forwardHost,
      mirrors,
    }),
  };
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

  text(): readonly string[] {
    return this.#lines.map(([name, value]) => `${name}: ${value}`);
  }
}

function isNamed([name]: readonly [string, string], other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
