/** Does what a service has said. */
import type { Exchange, HeaderView } from '../policy/runtime.ts';
import { createEraser, eraseAlike } from '../policy/spellings.ts';
import type { ExternalAuthConfig } from './config.ts';
import type { Allowed, Denied, ResponseChange, TooLarge, Undecided } from './verdict.ts';

/** What the backend is told. What the client has sent under the same names is taken out first. */
export function applyToRequest({ remove, set, add }: Allowed, headers: HeaderView): void {
  // What is removed may come in trailers, too, which is why it is said of a field that is not there.
  for (const name of remove) headers.remove(name);
  eraseAlike(headers, [...remove, ...set.map(([name]) => name)]);
  for (const [name, value] of set) headers.set(name, value);
  for (const [name, value] of add) headers.add(name, value);
}

/**
 * Takes out what clients send under the names by which the service speaks to the backend, before it is asked: a request that it is never asked
 * about must not speak in its name. Credentials stay until it has answered: it may be asked about the very one that it replaces.
 */
export function cleanser({ service }: ExternalAuthConfig): (headers: HeaderView) => void {
  const told = service.protocol === 'HTTP' ? (service.responseHeaders ?? []) : [];
  return createEraser(told.filter((name) => name.toLowerCase() !== 'authorization'));
}

/** Refuses what nobody has decided on. */
export function deny(verdict: TooLarge | Undecided, { statusOnError }: ExternalAuthConfig, exchange: Exchange): void {
  if (verdict.kind === 'too-large') exchange.deny('body-too-large');
  else if (statusOnError === 403) exchange.deny('forbidden');
  else exchange.deny('policy-unavailable', { 'Retry-After': '1' });
}

export function answerDenied({ status, headers, cookies, body }: Denied, exchange: Exchange, later: Later): void {
  later.keep(exchange, { set: [], add: cookies.map((cookie) => ['Set-Cookie', cookie]) });
  exchange.respond({ status, headers, body });
}

/** What waits for the response phase: fields that the service sets on the client's answer. */
export class Later {
  // The proxy uses an exchange again, for other requests and other clients, and not each of them comes here before its answer does (one that an
  // earlier policy refuses): its signal is what it has for one request alone.
  readonly #changes = new WeakMap<Exchange, { readonly request: AbortSignal; readonly change: ResponseChange }>();

  keep(exchange: Exchange, change: ResponseChange): void {
    if (change.set.length + change.add.length > 0) this.#changes.set(exchange, { request: exchange.signal, change });
  }

  apply(exchange: Exchange): void {
    const kept = this.#changes.get(exchange);
    if (kept === undefined || kept.request !== exchange.signal) return;
    const { headers } = exchange.response;
    for (const [name, value] of kept.change.set) headers.set(name, value);
    for (const [name, value] of kept.change.add) headers.add(name, value);
  }
}
