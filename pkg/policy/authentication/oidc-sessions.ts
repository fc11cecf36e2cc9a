/** Sessions of browsers: read from cookies, prolonged before they end, remembered for a while. */
import { hash } from 'node:crypto';
import type { DiscoveryValue, ProviderMetadata } from '../feeds.ts';
import type { Identity } from '../identity.ts';
import { Recent } from '../recent.ts';
import type { FilterEnv, RequestView, Watch } from '../runtime.ts';
import { BrowserCookie, type StoredCookie } from './browser-cookie.ts';
import { ClaimFields } from './claim-fields.ts';
import { IdTokens } from './id-token.ts';
import { identityOf } from './jwt-claims.ts';
import { type Claims, parseToken } from './jwt-token.ts';
import { type Session, type SessionData, sessionData } from './login-session.ts';
import type { OidcConfig } from './oidc-schema.ts';
import { Sealer } from './sealer.ts';
import { RedisSessions } from './session-redis.ts';
import { cookieStore, type SessionStore } from './session-store.ts';
import { TokenEndpoint, type Tokens } from './token-endpoint.ts';

/** In a worker, for one configuration; some 10 KB each. */
const MAX_KNOWN = 2000;
const PATIENCE = 5000;
const DISCOVERY = { cacheDuration: 3_600_000, maxStale: 86_400_000 };

interface Cookies {
  readonly session: BrowserCookie;
  readonly flows: BrowserCookie;
}

type Found = Session | 'unavailable' | null;

interface Known {
  /** null: it is over. */
  readonly session: Session | null;
  /** Of the monotonic clock: when the store was asked. */
  readonly at: number;
}

export class OidcSessions {
  readonly #name: string;
  readonly #config: OidcConfig;
  readonly #env: FilterEnv;
  readonly #sealer: Sealer;
  readonly #store: SessionStore;
  readonly #endpoint: TokenEndpoint;
  readonly #idTokens: IdTokens;
  readonly #fields: ClaimFields;
  readonly #discovery: Watch<DiscoveryValue>;
  readonly #secure: Cookies;
  readonly #plain: Cookies;
  /** By host and SHA-256 of the cookie. */
  readonly #known = new Recent<Known>(MAX_KNOWN);
  /** A refresh token is good for one use with many providers: all requests of a browser wait for the same answer. */
  readonly #refreshing = new Map<string, Promise<Found>>();
  readonly #loading = new Map<string, Promise<Found>>();
  readonly #data = new WeakMap<Identity, SessionData>();
  /** Set-Cookie for every answer to who still shows the cookie before. */
  readonly #cookies = new WeakMap<Identity, readonly string[]>();

  constructor(name: string, config: OidcConfig, env: FilterEnv) {
    this.#name = name;
    this.#config = config;
    this.#env = env;
    const { issuer, authority, clientId, clientSecret, session } = config;
    const secret = clientSecret === null ? null : env.secret(clientSecret).trim();
    this.#sealer = new Sealer(session.keys.map((id) => env.secret(id)));
    this.#store = session.store === 'Redis' ? new RedisSessions(this.#sealer, session.lifetime, env) : cookieStore;
    this.#endpoint = new TokenEndpoint(clientId, secret, authority, env);
    this.#idTokens = new IdTokens(config, env);
    this.#fields = new ClaimFields(config.claimToHeaders);
    this.#discovery = env.services.watch({ kind: 'discovery', config: { issuer, authority, ...DISCOVERY } });
    const cookies = (secure: boolean): Cookies => ({
      session: new BrowserCookie(session.cookieName, secure),
      flows: new BrowserCookie(`${session.cookieName}-login`, secure),
    });
    this.#secure = cookies(true);
    this.#plain = cookies(false);
  }

  /** null: the provider is not known (yet). */
  async provider(): Promise<ProviderMetadata | null> {
    try {
      return (this.#discovery.value ?? (await this.#discovery.first(PATIENCE))).provider;
    } catch {
      return null;
    }
  }

  /** null: no session, or one that is over. @param renew prolong one that soon will be */
  find(request: RequestView, renew = true): Found | Promise<Found> {
    const cookie = this.cookiesBy(request).session.read(request);
    if (cookie === null) return null;
    const id = idOf(request, cookie);
    const known = this.#known.get(id);
    if (known !== undefined && this.#env.now() - known.at < this.#store.fresh)
      return this.#judge(id, known.session, request, renew);
    const ticket = known?.session?.ticket ?? this.open('session', cookie.value, request);
    if (ticket === null) return null;
    const data = this.#loading.has(id) ? undefined : this.#store.load(ticket);
    if (data instanceof Promise) this.#loading.set(id, this.#loaded(id, data, ticket, cookie.parts, request, renew));
    if (data === undefined || data instanceof Promise) return this.#loading.get(id) ?? null;
    return this.#judge(id, this.#keep(id, data, ticket, cookie.parts), request, renew);
  }

  /** Ends a login: tokens for a code. @returns why there is no session */
  async create(
    provider: ProviderMetadata,
    form: Readonly<Record<string, string>>,
    nonce: string,
    request: RequestView,
  ): Promise<Session | 'denied' | 'unavailable'> {
    const tokens = await this.#endpoint.ask(provider, form);
    if (tokens === null) return 'unavailable';
    if (tokens === 'denied') return 'denied';
    const claims = await this.#idTokens.read(tokens.idToken, nonce, tokens.accessToken);
    if (claims === null) return 'unavailable';
    if (claims === 'refused') return 'denied';
    // The store may not be there.
    return this.#write(tokens, claims, request).then(
      (session) => session ?? 'denied',
      () => 'unavailable' as const,
    );
  }

  dataOf(identity: Identity): SessionData | undefined {
    return this.#data.get(identity);
  }

  cookiesFor(identity: Identity): readonly string[] | undefined {
    return this.#cookies.get(identity);
  }

  /** Cookies that go out with this answer. */
  sendWith(identity: Identity, cookies: readonly string[]): void {
    this.#cookies.set(identity, [...(this.#cookies.get(identity) ?? []), ...cookies]);
  }

  cookiesBy(request: RequestView): Cookies {
    return (this.#config.scheme ?? request.scheme) === 'https' ? this.#secure : this.#plain;
  }

  cookiesOf(request: RequestView): readonly BrowserCookie[] {
    const { session, flows } = this.cookiesBy(request);
    return [session, flows];
  }

  seal(kind: 'session' | 'login', text: string, request: RequestView): string {
    return this.#sealer.seal(this.#purpose(kind, request), text);
  }

  open(kind: 'session' | 'login', sealed: string, request: RequestView): string | null {
    return this.#sealer.open(this.#purpose(kind, request), sealed);
  }

  /** Rejects if the store is not there: then nobody is logged out. */
  async remove({ ticket }: Session, request: RequestView): Promise<void> {
    await this.#store.remove(ticket);
    const cookie = this.cookiesBy(request).session.read(request);
    if (cookie !== null) this.#known.set(idOf(request, cookie), { session: null, at: this.#env.now() });
  }

  /** Tells the provider that the tokens of a session which has ended are used no more. Nobody waits for it. */
  revoke(provider: ProviderMetadata, { data: { accessToken, refreshToken } }: Session): void {
    // RFC 7009 2.1: with a refresh token "the authorization server SHOULD also invalidate all access tokens based on the same authorization grant".
    if (refreshToken !== '') this.#endpoint.revoke(provider, refreshToken, 'refresh_token');
    else if (accessToken !== '') this.#endpoint.revoke(provider, accessToken, 'access_token');
  }

  close(): void {
    this.#discovery.close();
    this.#idTokens.close();
  }

  // What one client or host has encrypted is nothing to another, whoever shares the key.
  #purpose(kind: string, { host }: RequestView): string {
    return JSON.stringify([kind, this.#config.issuer, this.#config.clientId, host]);
  }

  async #loaded(
    id: string,
    data: Promise<SessionData | null>,
    ticket: string,
    parts: number,
    request: RequestView,
    renew: boolean,
  ): Promise<Found> {
    try {
      const session = this.#keep(id, await data, ticket, parts);
      return await this.#judge(id, session, request, renew);
    } catch {
      const known = this.#known.get(id);
      const usable = known !== undefined && this.#env.now() - known.at < this.#store.usable;
      return usable ? this.#judge(id, known.session, request, renew) : 'unavailable';
    } finally {
      this.#loading.delete(id);
    }
  }

  #keep(id: string, data: SessionData | null, ticket: string, parts: number): Session | null {
    const session = data === null ? null : this.#read(data, ticket, parts);
    this.#known.set(id, { session, at: this.#env.now() });
    return session;
  }

  #judge(id: string, session: Session | null, request: RequestView, renew: boolean): Found | Promise<Found> {
    if (session === null) return null;
    const { refreshAt, expires, refreshToken, startedAt } = session.data;
    const now = this.#env.wallClock();
    if (now >= startedAt + this.#config.session.lifetime) return null;
    if (now < refreshAt) return session;
    if (refreshToken === '' || !renew) return now < expires ? session : null;
    return this.#refreshing.get(id) ?? this.#refresh(id, session, request);
  }

  #read(data: SessionData, ticket: string, parts: number): Session | null {
    // Verified when it came; since then it was encrypted.
    const token = parseToken(data.idToken);
    return token === null || token === 'foreign' ? null : this.#session(data, token.claims, ticket, parts);
  }

  #session(data: SessionData, claims: Claims, ticket: string, parts: number): Session | null {
    const identity = identityOf('OIDC', this.#name, this.#config.identity, claims);
    if (identity === null || !this.#fields.fits(identity)) return null;
    this.#data.set(identity, data);
    return { data, identity, ticket, parts };
  }

  /** null: it names nobody, or is too long for cookies. */
  async #write(tokens: Tokens, claims: Claims, request: RequestView, before?: Session): Promise<Session | null> {
    const { forwardAccessToken, session } = this.#config;
    const now = this.#env.wallClock();
    const keep = { accessToken: forwardAccessToken, refreshToken: session.refresh };
    const data = sessionData(tokens, Number(claims['exp']), now, keep, before?.data);
    if (this.#session(data, claims, '', 0) === null) return null;
    const ticket = await this.#store.save(data, before?.ticket);
    if (ticket === before?.ticket) return this.#session(data, claims, ticket, before.parts);
    const cookie = this.cookiesBy(request).session;
    const seconds = Math.ceil((data.startedAt + session.lifetime - now) / 1000);
    const lines = cookie.write(this.seal('session', ticket, request), seconds, before?.parts);
    const made = lines === null ? null : this.#session(data, claims, ticket, lines.length);
    if (made !== null && lines !== null) this.sendWith(made.identity, lines);
    return made;
  }

  #refresh(id: string, session: Session, request: RequestView): Promise<Found> {
    const refreshed = this.#prolong(id, session, request)
      // Whatever is not there, provider or store: until its end the session is good.
      .catch(() => 'unavailable' as const)
      .then((found) => (found === 'unavailable' && this.#env.wallClock() < session.data.expires ? session : found))
      .finally(() => this.#refreshing.delete(id));
    this.#refreshing.set(id, refreshed);
    return refreshed;
  }

  async #prolong(id: string, session: Session, request: RequestView): Promise<Found> {
    const { ticket, parts } = session;
    if (!(await this.#store.claim(ticket))) return 'unavailable';
    try {
      const latest = this.#keep(id, await this.#store.load(ticket), ticket, parts);
      // Another replica was faster.
      if (latest === null || this.#env.wallClock() < latest.data.refreshAt) return latest;
      const prolonged = await this.#ask(latest, request);
      if (prolonged !== 'unavailable') this.#known.set(id, { session: prolonged, at: this.#env.now() });
      if (prolonged === null) await this.#store.remove(ticket);
      return prolonged;
    } finally {
      await this.#store.release(ticket);
    }
  }

  async #ask(session: Session, request: RequestView): Promise<Found> {
    const provider = await this.provider();
    if (provider === null) return 'unavailable';
    const { refreshToken } = session.data;
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    // Other workers hold the same token: with rotation a second use of it would end the session (RFC 9700 4.14.2).
    const tokens = await this.#endpoint.ask(provider, form, hash('sha256', refreshToken, 'base64'));
    if (tokens === null) return 'unavailable';
    const claims = tokens === 'denied' ? 'refused' : await this.#claimsAfter(tokens, session);
    if (claims === null) return 'unavailable';
    return tokens === 'denied' || claims === 'refused' ? null : this.#write(tokens, claims, request, session);
  }

  /** OpenID Connect Core 12.2: a new ID token is of the same issuer and subject; there may be none. */
  async #claimsAfter(tokens: Tokens, { identity }: Session): Promise<Claims | 'refused' | null> {
    if (tokens.idToken === '') return identity.claims;
    const claims = await this.#idTokens.read(tokens.idToken, null, tokens.accessToken);
    return claims === null || claims === 'refused' || claims['sub'] === identity.claims['sub'] ? claims : 'refused';
  }
}

// What was known at one host is nothing at another.
function idOf({ host }: RequestView, { value }: StoredCookie): string {
  return hash('sha256', `${host} ${value}`, 'base64');
}
