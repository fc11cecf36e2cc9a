/** The way to a session and out of it: to the provider, back with a code, and logout. */
import type { ProviderMetadata } from '../feeds.ts';
import type { Exchange, FilterEnv, RequestView } from '../runtime.ts';
import { isNavigation, originOf, returnPath } from './browser.ts';
import {
  beginFlow,
  challengeOf,
  completeFlow,
  FLOW_AGE,
  type Flow,
  type Flows,
  findFlow,
  isLoop,
  noFlows,
  withoutFlow,
} from './login-flow.ts';
import type { Session } from './login-session.ts';
import type { Outcome } from './method.ts';
import type { OidcConfig } from './oidc-schema.ts';
import type { OidcSessions } from './oidc-sessions.ts';

const answered: Outcome = { kind: 'answered' };
const unavailable: Outcome = { kind: 'unavailable' };
const absent: Outcome = { kind: 'absent', challenge: '' };

export class OidcLogin {
  readonly #config: OidcConfig;
  readonly #sessions: OidcSessions;
  readonly #env: FilterEnv;

  constructor(config: OidcConfig, sessions: OidcSessions, env: FilterEnv) {
    this.#config = config;
    this.#sessions = sessions;
    this.#env = env;
  }

  /** Sends a browser to the provider. `absent`: whoever asks is no person, or goes round in circles. */
  begin(exchange: Exchange): Outcome | Promise<Outcome> {
    const { request } = exchange;
    const flows = this.#flowsOf(request);
    return isNavigation(request) && !isLoop(flows, this.#seconds()) ? this.#redirect(exchange, flows) : absent;
  }

  /** The provider has sent the browser back (RFC 6749 4.1.2). */
  async finish(exchange: Exchange): Promise<Outcome> {
    const { request } = exchange;
    const flows = this.#flowsOf(request);
    const flow = findFlow(flows, request.queryParam('state') ?? '', this.#seconds());
    if (flow === undefined) return this.#lost(exchange);
    const rest = withoutFlow(flows, flow);
    const code = request.queryParam('code');
    // RFC 9207 2.4: an answer of another issuer is refused, so that its code does not go to the wrong one.
    const foreign = (request.queryParam('iss') ?? this.#config.issuer) !== this.#config.issuer;
    if (code === undefined || foreign) return this.#fail(exchange, 'forbidden', rest);
    const provider = await this.#sessions.provider();
    if (provider === null) return unavailable;
    const session = await this.#sessions.create(provider, this.#form(code, flow, request), flow.nonce, request);
    if (session === 'unavailable') return unavailable;
    if (session === 'denied') return this.#fail(exchange, 'forbidden', rest);
    exchange.identity = session.identity;
    this.#sessions.sendWith(session.identity, this.#flowCookies(completeFlow(flows, flow, this.#seconds()), request));
    return this.#go(exchange, flow.returnTo);
  }

  /** OpenID Connect RP-Initiated Logout 1.0. */
  async end(exchange: Exchange, session: Session | null): Promise<Outcome> {
    const { request } = exchange;
    // A link or image of another site must not log anybody out.
    if (request.headers.get('sec-fetch-site') === 'cross-site') {
      exchange.deny('origin-denied');
      return answered;
    }
    const after = this.#config.afterLogoutPath;
    if (session === null) return this.#go(exchange, after);
    try {
      await this.#sessions.remove(session, request);
    } catch {
      return unavailable;
    }
    // Of this answer alone: others may still carry the session's identity.
    const identity = { ...session.identity };
    this.#sessions.sendWith(identity, this.#sessions.cookiesBy(request).session.clear(session.parts));
    exchange.identity = identity;
    const provider = await this.#sessions.provider();
    if (provider === null) return this.#go(exchange, after);
    this.#sessions.revoke(provider, session);
    return this.#go(exchange, this.#logoutAddress(provider, session, request));
  }

  async #redirect(exchange: Exchange, before: Flows): Promise<Outcome> {
    const { request } = exchange;
    const provider = await this.#sessions.provider();
    if (provider?.authorization_endpoint === undefined) return unavailable;
    const origin = originOf(request, this.#config.scheme);
    const { flow, flows } = beginFlow(before, returnPath(request, origin), this.#seconds());
    const address = new URL(provider.authorization_endpoint);
    const parameters = {
      ...Object.fromEntries(this.#config.parameters),
      response_type: 'code',
      client_id: this.#config.clientId,
      redirect_uri: origin + this.#config.redirectPath,
      scope: this.#config.scope,
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: challengeOf(flow),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
    const [cookie = ''] = this.#flowCookies(flows, request);
    return this.#go(exchange, address.href, { 'Set-Cookie': cookie });
  }

  /** An answer to no login of this browser: an old tab, the way back, or a forgery. */
  async #lost(exchange: Exchange): Promise<Outcome> {
    const session = await this.#sessions.find(exchange.request);
    if (session === 'unavailable') return unavailable;
    // Without a session this must not lead to a login: a browser without cookies would go round in circles.
    if (session !== null) return this.#go(exchange, '/');
    exchange.deny('request-invalid');
    return answered;
  }

  #fail(exchange: Exchange, code: 'forbidden', flows: Flows): Outcome {
    const [cookie = ''] = this.#flowCookies(flows, exchange.request);
    exchange.deny(code, { 'Set-Cookie': cookie });
    return answered;
  }

  #form(code: string, { verifier }: Flow, request: RequestView): Readonly<Record<string, string>> {
    const redirect = originOf(request, this.#config.scheme) + this.#config.redirectPath;
    return { grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier };
  }

  #logoutAddress(
    { end_session_endpoint: endpoint }: ProviderMetadata,
    { data }: Session,
    request: RequestView,
  ): string {
    if (endpoint === undefined) return this.#config.afterLogoutPath;
    const address = new URL(endpoint);
    const after = originOf(request, this.#config.scheme) + this.#config.afterLogoutPath;
    address.searchParams.set('id_token_hint', data.idToken);
    address.searchParams.set('client_id', this.#config.clientId);
    address.searchParams.set('post_logout_redirect_uri', after);
    return address.href;
  }

  #flowsOf(request: RequestView): Flows {
    const cookie = this.#sessions.cookiesBy(request).flows.read(request);
    const text = cookie === null ? null : this.#sessions.open('login', cookie.value, request);
    return text === null ? noFlows : (JSON.parse(text) as Flows);
  }

  #flowCookies(flows: Flows, request: RequestView): readonly string[] {
    const sealed = this.#sessions.seal('login', JSON.stringify(flows), request);
    return this.#sessions.cookiesBy(request).flows.write(sealed, FLOW_AGE) ?? [];
  }

  #go(exchange: Exchange, location: string, headers: Readonly<Record<string, string>> = {}): Outcome {
    // RFC 9110 15.4.4: 303 is followed by GET, whatever the method was.
    exchange.respond({
      status: 303,
      headers: { Location: location, 'Cache-Control': 'no-store', ...headers },
      body: '',
    });
    return answered;
  }

  #seconds(): number {
    return Math.floor(this.#env.wallClock() / 1000);
  }
}
