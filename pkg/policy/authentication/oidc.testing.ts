/** A browser, the method in front of it, and a provider that answers what a test says. */
import { hash } from 'node:crypto';
import { createExchange, type ExchangeOptions, type Seen } from '../../testkit/exchange.ts';
import { TestFeed } from '../../testkit/filter-env.ts';
import type { HttpAnswer, HttpQuestion, RedisQuestion } from '../feeds.ts';
import { authentication } from './methods.testing.ts';
import { jwkOf, NOW, rsa, token } from './tokens.testing.ts';

export const issuer = 'https://issuer.test';
export const provider = {
  issuer,
  authorization_endpoint: `${issuer}/auth?tenant=a`,
  token_endpoint: `${issuer}/token`,
  end_session_endpoint: `${issuer}/logout`,
};
export const oidc = {
  issuer,
  clientID: 'app',
  clientSecret: { name: 'oidc', key: 'secret' },
  session: { keys: [{ name: 'oidc', key: 'new' }] },
  forwardAccessToken: true,
  claimToHeaders: [{ header: 'X-User', claim: 'sub' }],
};
const secrets = { 'oidc/secret': 'p:w %', 'oidc/new': 'n'.repeat(32), 'oidc/old': 'o'.repeat(32) };
export const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
export const script = { accept: 'application/json', 'sec-fetch-mode': 'cors' };

/** What the world looks like; a test changes it as it goes. */
interface Stage {
  now: number;
  answer: HttpAnswer | Error | null;
  idToken: (nonce: string) => string;
  accessToken: string;
  refreshToken: string;
  /** Called before the provider answers. */
  onAsk: () => void;
  subject: string;
  readonly asked: HttpQuestion[];
  /** What Redis holds; null: it is gone. */
  redis: Map<string, string> | null;
  /** Commands that it got. */
  readonly commands: string[];
}

export function setup(spec: object = {}) {
  const nonces = new Map<string, string>();
  const at: Stage = {
    now: NOW * 1000,
    answer: null,
    idToken: (nonce) =>
      token({ alg: 'RS256' }, { iss: issuer, sub: at.subject, aud: 'app', exp: NOW + 9000, iat: NOW, nonce }),
    accessToken: 'access-1',
    refreshToken: 'refresh-1',
    onAsk: () => undefined,
    subject: 'ada',
    asked: [],
    redis: new Map(),
    commands: [],
  };
  const discovery = new TestFeed({ provider, fetchedAt: 1, failure: '' });
  const jwks = new TestFeed({ keys: [jwkOf(rsa, { kid: 'a' })], fetchedAt: 1, failure: '' });
  const ask = (kind: string, question: unknown): unknown => {
    if (kind === 'redis') return redis(at, question as RedisQuestion);
    if (kind !== 'http') return false;
    at.asked.push(question as HttpQuestion);
    const verifier = new URLSearchParams(String((question as HttpQuestion).body)).get('code_verifier') ?? '';
    const nonce = nonces.get(hash('sha256', verifier, 'base64url')) ?? '';
    at.onAsk();
    if (at.answer instanceof Error) throw at.answer;
    return (
      at.answer ??
      answerOf(200, {
        token_type: 'Bearer',
        expires_in: 300,
        access_token: at.accessToken,
        id_token: at.idToken(nonce),
        ...(at.refreshToken !== '' && { refresh_token: at.refreshToken }),
      })
    );
  };
  const another = (more: object = {}) => {
    const filter = authentication(
      { methods: [{ name: 'sso', type: 'OIDC', oidc: { ...oidc, ...spec, ...more } }] },
      {
        now: () => at.now,
        wallClock: () => at.now,
        feed: (kind) => (kind === 'discovery' ? discovery : jwks),
        ask,
        secrets: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`Secret/shop/${key}`, value])),
      },
      { secrets },
    );
    const jar = new Map<string, string>();
    const send = async (target: string, options: ExchangeOptions): Promise<Seen> => {
      const own = options.headers?.['cookie'];
      const cookie = [...(own === undefined ? [] : [own]), ...[...jar].map(([name, value]) => `${name}=${value}`)];
      const headers = { ...options.headers, ...(cookie.length > 0 && { cookie: cookie.join('; ') }) };
      const { exchange, seen } = createExchange({ scheme: 'https', host: 'app.test', target, ...options, headers });
      await filter.onRequest?.(exchange);
      await filter.onResponse?.(exchange);
      const result = seen();
      for (const line of result.responseHeaders) keep(jar, line);
      const sent = URL.parse(result.local?.headers['Location'] ?? '')?.searchParams;
      nonces.set(sent?.get('code_challenge') ?? '', sent?.get('nonce') ?? '');
      return { ...result, requestHeaders: result.requestHeaders.toSorted() };
    };
    const visit = (target: string, headers: Record<string, string> = {}) =>
      send(target, { headers: { ...page, ...headers } });
    const begin = async (target: string): Promise<string> => {
      const { local } = await visit(target);
      return new URL(local!.headers['Location']!).searchParams.get('state') ?? '';
    };
    const login = async (target: string) => visit(`/oauth2/callback?code=good&state=${await begin(target)}`);
    return { jar, send, visit, begin, login };
  };
  return { at, discovery, another, browser: another() };
}

function keep(jar: Map<string, string>, line: string): void {
  const [, name = '', value = '', attributes = ''] = /^set-cookie: ([^=]+)=([^;]*)(.*)$/i.exec(line) ?? [];
  if (name === '') return;
  if (line.length - 'Set-Cookie: '.length > 4096) throw new Error(`no browser keeps ${name}: ${line.length} bytes`);
  if (attributes.includes('Max-Age=0')) jar.delete(name);
  else jar.set(name, value);
}

export function answerOf(status: number, body: object): HttpAnswer {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

/** GET, DEL and SET with NX or XX. */
function redis({ redis: held, commands }: Stage, question: RedisQuestion): string | number | null {
  if (held === null) throw new Error('unavailable');
  if (question.kind !== 'command') throw new Error('no script is known');
  const [name = '', value = '', ...options] = question.args.map(String);
  commands.push([question.name, ...options].join(' '));
  if (question.name === 'GET') return held.get(name) ?? null;
  if (question.name === 'DEL') return Number(held.delete(name));
  if (options.includes(held.has(name) ? 'NX' : 'XX')) return null;
  held.set(name, value);
  return 'OK';
}
