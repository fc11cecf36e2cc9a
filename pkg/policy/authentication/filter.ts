/** Data-plane half of authentication: asks the methods in order, and lets pass, or refuses. */
import type { Identity } from '../identity.ts';
import type { Exchange, FilterEnv, RuntimeFilter } from '../runtime.ts';
import type { Method, Outcome } from './method.ts';
import { createMethod } from './methods.ts';
import type { AuthenticationConfig } from './schema.ts';

export function createAuthentication(config: AuthenticationConfig, env: FilterEnv): RuntimeFilter {
  const methods = config.methods.map((method) => createMethod(method, env));
  return {
    onRequest: (exchange) => {
      for (const method of methods) method.cleanse?.(exchange);
      return new Attempt(config, methods, exchange).next();
    },
    close: () => methods.forEach((method) => method.close?.()),
  };
}

/** One request's way through the methods. */
class Attempt {
  readonly #config: AuthenticationConfig;
  readonly #methods: readonly Method[];
  readonly #exchange: Exchange;
  readonly #challenges: string[] = [];
  readonly #accepted: { readonly method: Method; readonly identity: Identity }[] = [];
  #at = 0;

  constructor(config: AuthenticationConfig, methods: readonly Method[], exchange: Exchange) {
    this.#config = config;
    this.#methods = methods;
    this.#exchange = exchange;
  }

  /** Asks methods until one decides; waits only for those that have to. */
  next(): void | Promise<void> {
    while (this.#at < this.#methods.length) {
      const outcome = this.#methods[this.#at++]!.authenticate(this.#exchange);
      if (outcome instanceof Promise) return outcome.then((late) => (this.#take(late) ? undefined : this.next()));
      if (this.#take(outcome)) return undefined;
    }
    return this.#finish();
  }

  /** @returns whether that was the end */
  #take(outcome: Outcome): boolean {
    const all = this.#config.require === 'All';
    switch (outcome.kind) {
      case 'absent':
        if (outcome.challenge !== '') this.#challenges.push(outcome.challenge);
        // All: one that is missing cannot be made up for, unless nobody has to show anything.
        if (!all || this.#config.allowAnonymous) return false;
        this.#refuse('unauthenticated');
        return true;
      case 'accepted':
        this.#accepted.push({ method: this.#methods[this.#at - 1]!, identity: outcome.identity });
        if (all) return false;
        this.#finish();
        return true;
      case 'refused':
      case 'forbidden':
        // A bad credential is never passed over: the next method might take the request for an anonymous one.
        if (outcome.challenge !== '') this.#challenges.push(outcome.challenge);
        this.#refuse(outcome.kind === 'refused' ? 'unauthenticated' : 'forbidden');
        return true;
      case 'unavailable':
        this.#exchange.deny('policy-unavailable', { 'Retry-After': '1' });
        return true;
      case 'answered':
        return true;
      default:
        return outcome satisfies never;
    }
  }

  #finish(): void {
    const { allowAnonymous, require } = this.#config;
    const complete = require === 'All' ? this.#methods.length : 1;
    // Anonymous is who shows nothing at all: half of what All asks for is no credential either, and a bad one.
    if (this.#accepted.length < complete && !(allowAnonymous && this.#accepted.length === 0)) {
      this.#refuse('unauthenticated');
      return;
    }
    const [first] = this.#accepted;
    if (first !== undefined) this.#exchange.identity = first.identity;
    for (const { method, identity } of this.#accepted) method.accepted?.(this.#exchange, identity);
  }

  #refuse(code: 'unauthenticated' | 'forbidden'): void {
    const challenge = this.#challenges.join(', ');
    // RFC 9110 15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field".
    this.#exchange.deny(code, challenge === '' ? {} : { 'WWW-Authenticate': challenge });
  }
}
