/**
 * Shadow mode: a filter decides, and what it has decided is counted and logged instead of done.
 *
 * It reads what it would read in earnest, and changes nothing. Whoever answers later goes on beside the exchange, on copies of what stood there when
 * its turn came; those of one exchange wait for each other, since authorization asks who authentication has found.
 */
import type { Identity } from './identity.ts';
import type {
  BodyGuard,
  BodyTransform,
  ConnectionView,
  DenialCode,
  Exchange,
  HeaderView,
  LocalResponse,
  Measure,
  Observer,
  Phase,
  RequestView,
  ResponseView,
  RuntimeFilter,
} from './runtime.ts';

/** @param policy its key, for the log and metrics */
export function shadow(filter: RuntimeFilter, policy: string): RuntimeFilter {
  // Both phases of a filter meet one view, so that what it has kept by it is found again.
  const own = {};
  const beside =
    (phase: Phase): Phase =>
    (exchange) => {
      const observer = exchange.observe();
      let view = observer.views.get(own) as ShadowExchange | undefined;
      if (view === undefined) observer.views.set(own, (view = new ShadowExchange(exchange, observer, policy)));
      run(phase, view, observer);
    };
  return {
    ...(filter.onRequest === undefined ? {} : { onRequest: beside(filter.onRequest) }),
    ...(filter.onResponse === undefined ? {} : { onResponse: beside(filter.onResponse) }),
    ...(filter.close === undefined ? {} : { close: () => filter.close?.() }),
  };
}

function run(phase: Phase, view: ShadowExchange, observer: Observer): void {
  const { pending } = observer;
  if (pending === null) view.follow();
  const running = pending === null ? decide(phase, view) : pending.then(() => decide(phase, view));
  if (running === undefined) return;
  view.keep();
  observer.pending = running;
  void running.then(() => {
    if (observer.pending === running) observer.pending = null;
  });
}

/** Never throws, never rejects. */
function decide(phase: Phase, view: ShadowExchange): Promise<void> | undefined {
  try {
    return phase(view)?.catch((error: unknown) => view.fault(error));
  } catch (error) {
    view.fault(error);
    return undefined;
  }
}

class ShadowExchange implements Exchange {
  readonly shadow = true;
  readonly connection: ConnectionView;
  readonly request: ShadowRequest;
  readonly #exchange: Exchange;
  readonly #observer: Observer;
  readonly #policy: string;
  #kept: Kept | null = null;

  constructor(exchange: Exchange, observer: Observer, policy: string) {
    this.#exchange = exchange;
    this.#observer = observer;
    this.#policy = policy;
    this.connection = exchange.connection;
    this.request = new ShadowRequest(exchange.request, observer, policy);
  }

  /** Sees the exchange itself: a phase begins, and none is under way. */
  follow(): void {
    this.#kept = null;
    this.request.source = this.#exchange.request;
  }

  /** From now on sees what it sees now, whatever becomes of the exchange. A request phase that is still under way keeps its request. */
  keep(): void {
    const { answered, challenge, identity, matchedPrefix } = this.#exchange;
    const response = this.#observer.response();
    if (this.#kept !== null) this.#kept = { ...this.#kept, answered, response };
    else {
      this.#kept = { answered, challenge, identity, matchedPrefix, response };
      this.request.source = this.#observer.request();
    }
  }

  fault(error: unknown): void {
    this.#observer.fault(this.#policy, error);
  }

  get response(): ResponseView {
    const response = this.#kept === null ? this.#exchange.response : this.#kept.response;
    return { status: response.status, headers: readOnly(() => response.headers), setStatus: nothing };
  }

  get matchedPrefix(): string {
    return (this.#kept ?? this.#exchange).matchedPrefix;
  }

  get answered(): boolean {
    return (this.#kept ?? this.#exchange).answered;
  }

  /** Of an authentication in shadow mode, for the policies in shadow mode behind it; else the real one. */
  get identity(): Identity | null {
    const { identity } = this.#observer;
    return identity === undefined ? (this.#kept ?? this.#exchange).identity : identity;
  }

  set identity(identity: Identity | null) {
    this.#observer.identity = identity;
  }

  /** As with the identity. */
  get challenge(): string {
    return this.#observer.challenge ?? (this.#kept ?? this.#exchange).challenge;
  }

  set challenge(challenge: string) {
    this.#observer.challenge = challenge;
  }

  deny(code: DenialCode): void {
    this.#observer.decision(this.#policy, 'denied', code);
  }

  respond({ status }: LocalResponse): void {
    this.#observer.decision(this.#policy, 'denied', `status-${status}`);
  }

  replaceResponse({ status }: LocalResponse): void {
    this.#observer.decision(this.#policy, 'denied', `status-${status}`);
  }

  transformBody(transform: BodyTransform): void {
    transform.close();
  }

  mirror(): void {}

  /** It outlives the exchange: what it asks ends by its own timeout. */
  get signal(): AbortSignal {
    return new AbortController().signal;
  }

  observe(): Observer {
    return this.#observer;
  }
}

interface Kept {
  readonly answered: boolean;
  readonly challenge: string;
  readonly identity: Identity | null;
  readonly matchedPrefix: string;
  readonly response: ResponseView;
}

class ShadowRequest implements RequestView {
  source: RequestView;
  readonly headers: HeaderView;
  readonly #observer: Observer;
  readonly #policy: string;

  constructor(source: RequestView, observer: Observer, policy: string) {
    this.source = source;
    this.#observer = observer;
    this.#policy = policy;
    this.headers = readOnly(() => this.source.headers);
  }

  get method(): string {
    return this.source.method;
  }

  get scheme(): 'http' | 'https' {
    return this.source.scheme;
  }

  get host(): string {
    return this.source.host;
  }

  get hostPort(): number {
    return this.source.hostPort;
  }

  get listenerPort(): number {
    return this.source.listenerPort;
  }

  get path(): string {
    return this.source.path;
  }

  get forwardPath(): string {
    return this.source.forwardPath;
  }

  get query(): string {
    return this.source.query;
  }

  get forwardQuery(): string {
    return this.source.forwardQuery;
  }

  get hasBody(): boolean {
    return this.source.hasBody;
  }

  get requestId(): string {
    return this.source.requestId;
  }

  get clientAddress(): string {
    return this.source.clientAddress;
  }

  measure(what: Measure): number {
    return this.source.measure(what);
  }

  cookie(name: string): string | undefined {
    return this.source.cookie(name);
  }

  queryParam(name: string): string | undefined {
    return this.source.queryParam(name);
  }

  /** As it goes by on its way to the backend, which does not wait. */
  readBody(limit: number): Promise<Uint8Array | null> {
    return this.#observer.body(limit);
  }

  limitBody(limit: number): boolean {
    return this.#observer.limitBody(limit, this.#policy);
  }

  /** A guard holds the body up, which shadow mode must not. */
  guardBody(guard: BodyGuard): null {
    guard.close();
    return null;
  }

  setBody(): void {}
  setForwardPath(): void {}
  setForwardHost(): void {}
  setForwardQuery(): void {}
  setForwardMethod(): void {}
}

const nothing = (): void => undefined;

function readOnly(fields: () => HeaderView): HeaderView {
  return {
    get: (name) => fields().get(name),
    has: (name) => fields().has(name),
    lines: () => fields().lines(),
    set: nothing,
    add: nothing,
    remove: nothing,
    setAll: nothing,
    fillIn: nothing,
  };
}
