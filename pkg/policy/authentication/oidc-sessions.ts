/** Sessions of browsers: read from cookies, prolonged before they end, remembered for a while. */
import { hash } from 'node:crypto';
import type { DiscoveryValue, ProviderMetadata } from '../feeds.ts';
import type { Identity } from '../identity.ts';
import type { FilterEnv, RequestView, Watch } from '../runtime.ts';
import { BrowserCookie, type StoredCookie } from './browser-cookie.ts';
import { ClaimFields } from './claim-fields.ts';
import { IdTokens } from './id-token.ts';
import { identityOf } from './jwt-claims.ts';
import { type Claims, parseToken } from './jwt-token.ts';
import { readSession, type Session, type SessionData, sessionData, writeSession } from './login-session.ts';
import type { OidcConfig } from './oidc-schema.ts';
import { Recent } from './recent.ts';
import { Sealer } from './sealer.ts';
import { TokenEndpoint, type Tokens } from './token-endpoint.ts';

/** In a worker, for one configuration; some 10 KB each. */
const MAX_KNOWN = 2000;
const PATIENCE = 5000;
const DISCOVERY = { cacheDuration: 3_600_000, maxStale: 86_400_000 };

interface Cookies {
  readonly session: BrowserCookie;
  readonly flows: BrowserCookie;
}

/** `over`: the provider has ended it. */
type Known = Session | 'over';

export class OidcSessions {
  readonly #name: string;
  readonly #config: OidcConfig;
  readonly #env: FilterEnv;
  readonly #sealer: Sealer;
  readonly #endpoint: TokenEndpoint;
  readonly #idTokens: IdTokens;
  readonly #fields: ClaimFields;
  readonly #discovery: Watch<DiscoveryValue>;
  readonly #secure: Cookies;
  readonly #plain: Cookies;
  /** By host and SHA-256 of the cookie. */
  readonly #known = new Recent<Known>(MAX_KNOWN);
  /** A refresh token is good for one use with many providers: all requests of a browser wait for the same answer. */
  readonly #refreshing = new Map<string, Promise<Session | 'unavailable' | null>>();
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

  /** null: no session, or one that is over. */
  find(request: RequestView): Session | 'unavailable' | null | Promise<Session | 'unavailable' | null> {
    const cookie = this.cookiesBy(request).session.read(request);
    if (cookie === null) return null;
    const id = idOf(request, cookie);
    const known = this.#known.get(id) ?? this.#read(request, cookie);
    if (known === 'over' || known === null) return null;
    this.#known.set(id, known);
    const { refreshAt, expires, refreshToken, startedAt } = known.data;
    const now = this.#env.wallClock();
    if (now >= startedAt + this.#config.session.lifetime) return null;
    if (now < refreshAt) return known;
    if (refreshToken === '') return now < expires ? known : null;
    return this.#refreshing.get(id) ?? this.#refresh(id, known, request);
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
    return (claims === 'refused' ? null : this.#store(tokens, claims, request)) ?? 'denied';
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

  forget(request: RequestView): void {
    const cookie = this.cookiesBy(request).session.read(request);
    if (cookie !== null) this.#known.set(idOf(request, cookie), 'over');
  }

  close(): void {
    this.#discovery.close();
    this.#idTokens.close();
  }

  // What one client or host has encrypted is nothing to another, whoever shares the key.
  #purpose(kind: string, { host }: RequestView): string {
    return JSON.stringify([kind, this.#config.issuer, this.#config.clientId, host]);
  }

  #read(request: RequestView, { value, parts }: StoredCookie): Session | null {
    const text = this.open('session', value, request);
    if (text === null) return null;
    const data = readSession(text);
    // Verified when it came; since then it was encrypted.
    const token = parseToken(data.idToken);
    return token === null || token === 'foreign' ? null : this.#session(data, token.claims, parts);
  }

  #session(data: SessionData, claims: Claims, parts: number): Session | null {
    const identity = identityOf('OIDC', this.#name, this.#config.identity, claims);
    if (identity === null || !this.#fields.fits(identity)) return null;
    this.#data.set(identity, data);
    return { data, identity, parts };
  }

  /** null: it names nobody, or is too long for cookies. */
  #store(tokens: Tokens, claims: Claims, request: RequestView, before?: Session): Session | null {
    const { forwardAccessToken, session } = this.#config;
    const now = this.#env.wallClock();
    const keep = { accessToken: forwardAccessToken, refreshToken: session.refresh };
    const data = sessionData(tokens, Number(claims['exp']), now, keep, before?.data);
    const cookie = this.cookiesBy(request).session;
    const seconds = Math.ceil((data.startedAt + session.lifetime - now) / 1000);
    const lines = cookie.write(this.seal('session', writeSession(data), request), seconds, before?.parts);
    const made = lines === null ? null : this.#session(data, claims, lines.length);
    if (made !== null && lines !== null) this.sendWith(made.identity, lines);
    return made;
  }

  #refresh(id: string, session: Session, request: RequestView): Promise<Session | 'unavailable' | null> {
    const refreshed = this.#prolong(id, session, request).finally(() => this.#refreshing.delete(id));
    this.#refreshing.set(id, refreshed);
    return refreshed;
  }

  async #prolong(id: string, session: Session, request: RequestView): Promise<Session | 'unavailable' | null> {
    // Nobody asks a provider that is not there; until its end the session is good.
    const otherwise = () => (this.#env.wallClock() < session.data.expires ? session : 'unavailable');
    const provider = await this.provider();
    if (provider === null) return otherwise();
    const { refreshToken } = session.data;
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    // Other workers hold the same token: with rotation a second use of it would end the session (RFC 9700 4.14.2).
    const tokens = await this.#endpoint.ask(provider, form, hash('sha256', refreshToken, 'base64'));
    if (tokens === null) return otherwise();
    const claims = tokens === 'denied' ? 'refused' : await this.#claimsAfter(tokens, session);
    if (claims === null) return otherwise();
    const prolonged =
      tokens === 'denied' || claims === 'refused' ? null : this.#store(tokens, claims, request, session);
    this.#known.set(id, prolonged ?? 'over');
    return prolonged;
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
