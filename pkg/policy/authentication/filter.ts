/** Data-plane half of authentication: asks the methods in order, and lets pass, or refuses. */
import type { Identity } from '../identity.ts';
import type { Exchange, FilterEnv, RuntimeFilter } from '../runtime.ts';
import type { Method, Outcome } from './method.ts';
import { createMethod } from './methods.ts';
import type { AuthenticationConfig } from './schema.ts';

export function createAuthentication(config: AuthenticationConfig, env: FilterEnv): RuntimeFilter {
  const methods = config.methods.map((method) => createMethod(method, env));
  return authenticate(config, methods);
}

type Rules = Pick<AuthenticationConfig, 'require' | 'allowAnonymous'>;

export function authenticate(rules: Rules, methods: readonly Method[]): RuntimeFilter {
  // What nearly every policy has, and nearly every request shows: one method, and a credential that it knows.
  const only = methods.length === 1 ? methods[0] : undefined;
  const responding = methods.filter((method) => method.responded !== undefined);
  return {
    onRequest: (exchange) => {
      for (const method of methods) method.cleanse?.(exchange);
      if (only === undefined) return new Attempt(rules, methods, exchange).next();
      const outcome = only.authenticate(exchange);
      if (outcome instanceof Promise || outcome.kind !== 'accepted')
        return new Attempt(rules, methods, exchange).next(outcome);
      exchange.identity = outcome.identity;
      only.accepted?.(exchange, outcome.identity);
      return undefined;
    },
    ...(responding.length > 0 && {
      onResponse: (exchange) => {
        for (const method of responding) method.responded?.(exchange);
      },
    }),
    close: () => methods.forEach((method) => method.close?.()),
  };
}

interface Accepted {
  readonly method: Method;
  readonly identity: Identity;
  readonly credential: string;
}

/** One request's way through the methods. */
class Attempt {
  readonly #rules: Rules;
  readonly #methods: readonly Method[];
  readonly #exchange: Exchange;
  readonly #challenges: string[] = [];
  readonly #accepted: Accepted[] = [];
  /** Credentials that no method has accepted so far. */
  readonly #foreign = new Set<string>();
  #at = 0;

  constructor(rules: Rules, methods: readonly Method[], exchange: Exchange) {
    this.#rules = rules;
    this.#methods = methods;
    this.#exchange = exchange;
  }

  /**
   * Asks methods until one decides; waits only for those that have to.
   * @param answer of the next method, if it was asked already
   */
  next(answer?: Outcome | Promise<Outcome>): void | Promise<void> {
    let known = answer;
    while (this.#at < this.#methods.length) {
      const outcome = known ?? this.#methods[this.#at]!.authenticate(this.#exchange);
      known = undefined;
      this.#at++;
      if (outcome instanceof Promise) return outcome.then((late) => (this.#take(late) ? undefined : this.next()));
      if (this.#take(outcome)) return undefined;
    }
    return this.#finish();
  }

  /** @returns whether that was the end */
  #take(outcome: Outcome): boolean {
    const all = this.#rules.require === 'All';
    switch (outcome.kind) {
      case 'absent':
        this.#challenge(outcome.challenge);
        // All: one that is missing cannot be made up for, unless nobody has to show anything.
        if (all && !this.#rules.allowAnonymous) this.#at = this.#methods.length;
        return false;
      case 'foreign':
        this.#challenge(outcome.challenge);
        this.#foreign.add(outcome.credential);
        return all ? this.#refuse('unauthenticated') : false;
      case 'accepted': {
        const { identity, credential = '' } = outcome;
        this.#accepted.push({ method: this.#methods[this.#at - 1]!, identity, credential });
        this.#foreign.delete(credential);
        if (all) return false;
        return this.#foreign.size === 0 ? this.#pass() : this.#refuse('unauthenticated');
      }
      case 'refused':
      case 'forbidden':
        // A bad credential is never passed over: the next method might take the request for an anonymous one.
        this.#challenge(outcome.challenge);
        return this.#refuse(outcome.kind === 'refused' ? 'unauthenticated' : 'forbidden');
      case 'unavailable':
        this.#exchange.deny('policy-unavailable', { 'Retry-After': '1' });
        return true;
      case 'answered':
        return true;
      default:
        return outcome satisfies never;
    }
  }

  #finish(): void | Promise<void> {
    const { allowAnonymous, require } = this.#rules;
    const complete = require === 'All' ? this.#methods.length : 1;
    // Anonymous is who shows nothing at all: half of what All asks for is no credential either, and a bad one.
    const enough = this.#accepted.length >= complete || (allowAnonymous && this.#accepted.length === 0);
    if (this.#foreign.size > 0) this.#refuse('unauthenticated');
    else if (enough) this.#pass();
    else return this.#turnAway();
    return undefined;
  }

  #pass(): true {
    const [first] = this.#accepted;
    if (first === undefined) {
      // For authorization, which may ask who it is all the same.
      this.#exchange.challenge = this.#challenges.join(', ');
      return true;
    }
    this.#exchange.identity = first.identity;
    for (const { method, identity } of this.#accepted) method.accepted?.(this.#exchange, identity);
    for (let i = this.#at; i < this.#methods.length; i++) this.#methods[i]!.discard?.(this.#exchange, first.credential);
    return true;
  }

  /** Nothing bad was shown, only too little: a browser may be sent to a login. */
  #turnAway(): void | Promise<void> {
    const outcome = this.#methods.find((method) => method.login !== undefined)?.login?.(this.#exchange);
    if (outcome instanceof Promise) return outcome.then((late) => this.#settle(late));
    return this.#settle(outcome);
  }

  #settle(outcome: Outcome | undefined): void {
    if (outcome === undefined || outcome.kind === 'absent') this.#refuse('unauthenticated');
    else this.#take(outcome);
  }

  #challenge(challenge: string): void {
    if (challenge !== '') this.#challenges.push(challenge);
  }

  #refuse(code: 'unauthenticated' | 'forbidden'): true {
    // RFC 9110 15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field".
    const challenge = this.#challenges.join(', ');
    this.#exchange.deny(code, challenge === '' ? {} : { 'WWW-Authenticate': challenge });
    return true;
  }
}
