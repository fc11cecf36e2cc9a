/** Asks an OpenID provider for tokens (RFC 6749 3.2) and gives them back (RFC 7009), through the services thread. */
import { Buffer } from 'node:buffer';
import type { HttpQuestion, ProviderMetadata } from '../feeds.ts';
import type { FilterEnv } from '../runtime.ts';

export interface Tokens {
  /** `''` where the provider gives none. */
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds that the access token is good for; 0 if nobody says. */
  readonly expiresIn: number;
}

/** null: it cannot be told now. `denied`: the provider said no. */
export type TokenAnswer = Tokens | 'denied' | null;

const TIMEOUT = 10_000;
const MAX_BODY = 128 * 1024;
/** Revocations under way, per worker: a provider that is slow must not fill the memory of the gateway. */
const REVOKING = 64;

export class TokenEndpoint {
  readonly #clientId: string;
  readonly #secret: string | null;
  readonly #authority: string | null;
  readonly #env: FilterEnv;
  #revoking = 0;

  constructor(clientId: string, secret: string | null, authority: string | null, env: FilterEnv) {
    this.#clientId = clientId;
    this.#secret = secret;
    this.#authority = authority;
    this.#env = env;
  }

  /** @param once what may be asked once only; whoever asks again gets the same answer */
  async ask(provider: ProviderMetadata, form: Readonly<Record<string, string>>, once?: string): Promise<TokenAnswer> {
    const { token_endpoint: url } = provider;
    if (url === undefined) return null;
    try {
      const question = { ...this.#question(provider, url, form), ...(once !== undefined && { once }) };
      const { status, body: answer } = await this.#env.services.ask({ kind: 'http', question }, TIMEOUT);
      // RFC 6749 5.2: 400, or 401 for the client itself. Anything else is no answer to the question.
      if (status === 400 || status === 401) return 'denied';
      return status === 200 ? readTokens(answer) : null;
    } catch {
      return null;
    }
  }

  /**
   * RFC 7009 2.1. Best effort: nobody waits for it, it never throws, and a provider that has no such endpoint or does not answer is not asked again.
   * @param token and what it is
   */
  revoke(provider: ProviderMetadata, token: string, hint: 'refresh_token' | 'access_token'): void {
    const { revocation_endpoint: url } = provider;
    if (url === undefined || this.#revoking >= REVOKING) return;
    const question = this.#question(provider, url, { token, token_type_hint: hint });
    this.#revoking++;
    this.#env.services
      .ask({ kind: 'http', question }, TIMEOUT)
      .catch(() => undefined)
      .finally(() => this.#revoking--);
  }

  #question(provider: ProviderMetadata, url: string, form: Readonly<Record<string, string>>): HttpQuestion {
    const { headers, fields } = this.#authentication(provider);
    return {
      method: 'POST',
      url,
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ ...form, ...fields }).toString(),
      maxBody: MAX_BODY,
      authority: this.#authority,
    };
  }

  // RFC 6749 2.3.1: "The authorization server MUST support the HTTP Basic authentication scheme"; some do not.
  #authentication({ token_endpoint_auth_methods_supported: methods }: ProviderMetadata) {
    const id = this.#clientId;
    const secret = this.#secret;
    if (secret === null) return { headers: {}, fields: { client_id: id } };
    if (methods !== undefined && !methods.includes('client_secret_basic') && methods.includes('client_secret_post'))
      return { headers: {}, fields: { client_id: id, client_secret: secret } };
    const pair = `${formEncoded(id)}:${formEncoded(secret)}`;
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, fields: {} };
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ a: text }).toString().slice(2);
}

function readTokens(body: Uint8Array): Tokens | null {
  const answer = JSON.parse(Buffer.from(body).toString('utf8')) as Readonly<Record<string, unknown>> | null;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const seconds = Number(answer?.['expires_in'] ?? 0);
  if (answer === null || text(answer['token_type']).toLowerCase() !== 'bearer') return null;
  return {
    idToken: text(answer['id_token']),
    accessToken: text(answer['access_token']),
    refreshToken: text(answer['refresh_token']),
    expiresIn: seconds > 0 && seconds < 1e9 ? seconds * 1000 : 0,
  };
}
