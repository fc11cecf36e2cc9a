/** Data-plane half of OIDC login: sessions of browsers. The way to one is in `oidc-login.ts`. */
import type { Identity } from '../identity.ts';
import type { Exchange, FilterEnv, HeaderView } from '../runtime.ts';
import { createEraser } from '../spellings.ts';
import { stripCookies } from './browser-cookie.ts';
import { ClaimFields } from './claim-fields.ts';
import type { Session } from './login-session.ts';
import type { Method, Outcome } from './method.ts';
import { OidcLogin } from './oidc-login.ts';
import type { OidcConfig } from './oidc-schema.ts';
import { OidcSessions } from './oidc-sessions.ts';

export function createOidc(name: string, config: OidcConfig, env: FilterEnv): Method {
  return new Oidc(name, config, env);
}

class Oidc implements Method {
  readonly name: string;
  readonly #config: OidcConfig;
  readonly #fields: ClaimFields;
  readonly #eraseToken: (headers: HeaderView) => void;
  readonly #sessions: OidcSessions;
  readonly #login: OidcLogin;
  readonly #absent: Outcome;

  constructor(name: string, config: OidcConfig, env: FilterEnv) {
    this.name = name;
    this.#config = config;
    this.#fields = new ClaimFields(config.claimToHeaders);
    this.#eraseToken = createEraser(config.idTokenHeader === '' ? [] : [config.idTokenHeader]);
    this.#sessions = new OidcSessions(name, config, env);
    this.#login = new OidcLogin(config, this.#sessions, env);
    // No scheme of the registry is for cookies; RFC 9110 11.6.1 wants one all the same.
    this.#absent = { kind: 'absent', challenge: `OpenID realm="${name}"` };
  }

  cleanse({ request }: Exchange): void {
    this.#fields.remove(request.headers);
    this.#eraseToken(request.headers);
  }

  authenticate(exchange: Exchange): Outcome | Promise<Outcome> {
    const { request, shadow } = exchange;
    // In Shadow a code, a refresh token and a session stay what they are: nobody would be told what became of them.
    if (request.path === this.#config.redirectPath && !shadow) return this.#login.finish(exchange);
    const found = this.#sessions.find(request, !shadow);
    if (found instanceof Promise) return found.then((late) => this.#judge(exchange, late));
    return this.#judge(exchange, found);
  }

  login(exchange: Exchange): Outcome | Promise<Outcome> {
    return this.#login.begin(exchange);
  }

  accepted({ request }: Exchange, identity: Identity): void {
    this.#strip(request);
    this.#fields.set(request.headers, identity);
    const data = this.#sessions.dataOf(identity);
    if (data === undefined) return;
    if (this.#config.forwardAccessToken) request.headers.set('Authorization', `Bearer ${data.accessToken}`);
    if (this.#config.idTokenHeader !== '') request.headers.set(this.#config.idTokenHeader, data.idToken);
  }

  discard({ request }: Exchange): void {
    this.#strip(request);
  }

  responded({ identity, response }: Exchange): void {
    const cookies = identity === null ? undefined : this.#sessions.cookiesFor(identity);
    if (cookies === undefined) return;
    for (const cookie of cookies) response.headers.add('Set-Cookie', cookie);
  }

  close(): void {
    this.#sessions.close();
  }

  #judge(exchange: Exchange, found: Session | 'unavailable' | null): Outcome | Promise<Outcome> {
    if (found === 'unavailable') return { kind: 'unavailable' };
    if (exchange.request.path === this.#config.logoutPath && !exchange.shadow) return this.#login.end(exchange, found);
    return found === null ? this.#absent : { kind: 'accepted', identity: found.identity };
  }

  // Session cookies are for the gateway: a backend that saw them could be the user.
  #strip(request: Exchange['request']): void {
    stripCookies(request.headers, this.#sessions.cookiesOf(request));
  }
}
