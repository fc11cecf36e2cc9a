/** Signed URLs under attack: whatever is changed of a signed request, it is refused. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { canonicalPath, defaultPathSettings } from '../../routing/canonical.ts';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import type { RuntimeFilter } from '../runtime.ts';
import { type Grant, stringToSign } from './canonical.ts';
import { createSignedURLs } from './filter.ts';
import { ed25519PrivateKey, hmacKey, type SigningKey } from './key.ts';
import type { SignedURLsConfig } from './schema.ts';
import { signQuery } from './sign.ts';

const now = 1_800_000_000;
const secrets = { s1: 'one-'.repeat(8), s2: 'two-'.repeat(8) };
const pair = generateKeyPairSync('ed25519');
const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' });
const signers = {
  k1: hmacKey(secrets.s1),
  k2: hmacKey(secrets.s2),
  e1: ed25519PrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
};
const config: SignedURLsConfig = {
  keys: [
    { id: 'k1', algorithm: 'HMACSHA256', secret: 's1' },
    { id: 'k2', algorithm: 'HMACSHA256', secret: 's2' },
    { id: 'e1', algorithm: 'Ed25519', publicKey },
  ],
  clockSkew: 30,
  maxLifetime: 7_200,
  requireClientIP: false,
};

interface Signed {
  readonly path?: string;
  readonly query?: string;
  readonly host?: string;
  readonly grant?: Partial<Grant>;
  readonly key?: SigningKey;
}

const anything: Grant = { keyId: 'k1', expires: String(now + 3_600), notBefore: '', prefix: '', method: '', ip: '' };

function sign({ path = '/files/a', query = '', host = 'files.example', grant, key = signers.k1 }: Signed = {}): string {
  return `${path}?${signQuery({ host, path, query, grant: { ...anything, ...grant } }, key)}`;
}

/** As the proxy would ask: with the canonical path, or 400 before any policy. */
async function ask(
  target: string,
  options: ExchangeOptions = {},
  change: Partial<SignedURLsConfig> = {},
): Promise<Seen | 400> {
  const question = target.includes('?') ? target.indexOf('?') : target.length;
  const path = canonicalPath(target.slice(0, question), defaultPathSettings);
  if (path === 'path-invalid') return 400;
  const filter = createSignedURLs({ ...config, ...change }, testFilterEnv({ secrets, wallClock: () => now * 1000 }));
  const forwarded = path.forward + target.slice(question);
  const request = { host: 'files.example', target: forwarded, path: path.canonical, ...options };
  const first = await run(filter, request);
  // What is remembered of good ones, the same among them, changes nothing.
  for (const good of [sign(), sign({ query: 'a=1&b=2' }), sign({ grant: { prefix: '/files' } })])
    await run(filter, { host: 'files.example', target: good, clientAddress: '192.0.2.1' });
  const again = await run(filter, request);
  expect(again).toMatchObject({ denied: first.denied, forwardQuery: first.forwardQuery });
  return again;
}

async function passes(
  target: string,
  options: ExchangeOptions = {},
  change: Partial<SignedURLsConfig> = {},
): Promise<boolean> {
  const seen = await ask(target, options, change);
  return seen !== 400 && seen.denied === undefined;
}

describe('what was signed passes', () => {
  test.each<[string, Signed]>([
    ['HMAC-SHA-256', {}],
    ['the other key', { grant: { keyId: 'k2' }, key: signers.k2 }],
    ['Ed25519', { grant: { keyId: 'e1' }, key: signers.e1 }],
    ['with a query', { query: 'b=2&a=1&a=0&c=%2f+x' }],
    ['with an escaped path', { path: '/files/%E2%82%AC%2Fb' }],
    ['that has begun', { grant: { notBefore: String(now - 10) } }],
    [
      'that begins in a moment, or has ended a moment ago',
      { grant: { notBefore: String(now + 29), expires: String(now - 29) } },
    ],
  ])('%s', async (_, signed) => {
    expect(await passes(sign(signed))).toBe(true);
  });

  test('without its signature for the backend', async () => {
    expect(await ask(sign({ query: 'b=%7e&a=1' }))).toMatchObject({
      forwardQuery: '?b=%7e&a=1',
      forwardPath: '/files/a',
    });
    expect(await ask(sign())).toMatchObject({ forwardQuery: '' });
  });

  test('in another order, and in spellings that are one to everybody', async () => {
    const [path = '', query = ''] = sign({ query: 'b=2&a=1&a=0&c=~' }).split('?');
    const [b, a1, a0, c, ...own] = query.split('&');
    expect(await passes(`${path}?${[...own, a1, a0, c, b].join('&')}`)).toBe(true);
    expect(await passes(`/files/./x/../%61?${query.replace('c=~', '%63=%7e').replace('su-key', 'su%2dkey')}`)).toBe(
      true,
    );
  });
});

describe('known from a request before', () => {
  const start = (clock: { now: number }) =>
    createSignedURLs(config, testFilterEnv({ secrets, wallClock: () => clock.now * 1000 }));
  const asked = async (filter: RuntimeFilter, target: string, options: ExchangeOptions = {}) =>
    (await run(filter, { host: 'files.example', target, clientAddress: '192.0.2.1', ...options })).denied;

  test('is asked for its time, method and client each time', async () => {
    const clock = { now };
    const one = start(clock);
    const target = sign({ grant: { ip: '192.0.2.0/24', prefix: '/files' } });
    expect(await asked(one, target)).toBeUndefined();
    expect(await asked(one, target, { clientAddress: '198.51.100.1' })).toBe('signature-invalid');
    expect(await asked(one, target, { method: 'POST' })).toBe('signature-invalid');
    expect(await asked(one, target, { host: 'other.example' })).toBe('signature-invalid');
    expect(await asked(one, target.replace('/files/a', '/files/b'))).toBeUndefined();
    expect(await asked(one, target.replace('/files/a', '/other'))).toBe('signature-invalid');
    clock.now += 3_631;
    expect(await asked(one, target)).toBe('signature-invalid');
  });

  test('is good for its own path alone', async () => {
    const one = start({ now });
    const target = sign();
    expect(await asked(one, target)).toBeUndefined();
    expect(await asked(one, target.replace('/files/a', '/files/b'))).toBe('signature-invalid');
    expect(await asked(one, target)).toBeUndefined();
  });
});

describe('tampered', () => {
  const good = sign({ query: 'a=1&b=2' });
  test.each([
    ['no signature', '/files/a?a=1&b=2'],
    ['an empty one', good.replace(/su-signature=.*/, 'su-signature=')],
    ['a changed one', good.replace(/su-signature=./, (text) => `su-signature=${text.endsWith('A') ? 'B' : 'A'}`)],
    ['another path', good.replace('/files/a', '/files/b')],
    ['a path below', good.replace('/files/a', '/files/a/b')],
    ['a trailing slash', good.replace('/files/a', '/files/a/')],
    ['another value', good.replace('a=1', 'a=2')],
    ['one parameter more', `${good}&c=3`],
    ['one parameter less', good.replace('a=1&', '')],
    ['a duplicate before', good.replace('a=1', 'a=0&a=1')],
    ['a duplicate behind', good.replace('a=1', 'a=1&a=0')],
    ['a parameter without value', good.replace('a=1', 'a=1&c')],
    ['a later expiry', good.replace(anything.expires, String(now + 3_601))],
    ['two expiries', good.replace('&su-key', `&su-expires=${now + 7_000}&su-key`)],
    ['another key', good.replace('su-key=k1', 'su-key=k2')],
    ['a key that is not there', good.replace('su-key=k1', 'su-key=k9')],
    ['a key of the prototype', good.replace('su-key=k1', 'su-key=constructor')],
    ['a method', `${good}&su-method=GET`],
    ['a prefix', `${good}&su-prefix=/files`],
    ['a prefix of everything', `${good}&su-prefix=/`],
    ['an address', `${good}&su-ip=192.0.2.1`],
    ['a beginning', `${good}&su-not-before=1`],
    ['an unknown parameter of ours', `${good}&su-algorithm=none`],
    ['a parameter that ends the query elsewhere', good.replace('a=1', 'a=1;c=3')],
    ['a plus for a space', sign({ query: 'a=%20' }).replace('a=%20', 'a=+')],
    ['a decoded separator', sign({ query: 'a=1%26c=2' }).replace('%26', '&')],
    ['an encoded separator', sign({ query: 'a=1&c=2' }).replace('a=1&c', 'a=1%26c')],
    [
      'parts moved from the path into the query',
      sign({ path: '/files', query: 'a=1' }).replace('/files?a=1', '/files/a?'),
    ],
  ])('%s', async (_, target) => {
    expect(await ask(target)).toMatchObject({
      denied: 'signature-invalid',
      status: 403,
      forwardQuery: expect.anything(),
    });
  });

  test('on another host', async () => {
    expect(await passes(good, { host: 'other.example' })).toBe(false);
  });
});

// The spellings of security-and-reliability 2.4, for a URL that was signed for /public/a alone.
describe('other spellings of a path', () => {
  test.each([
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/..%2fadmin',
    '/public%2f..%2fadmin',
    '/public/..;/admin',
    '/public/.;/..;/admin',
    '/public/..%5cadmin',
    '/public\\..\\admin',
    '//admin',
    '/./admin',
    '/%61dmin',
    '/ADMIN',
    '/admin%00',
    '/admin%0a',
    '/admin;x=1',
    '/admin',
    '/admin#',
    '/%2561dmin',
    '/adm%C0%AEin',
    '/admin/',
    '/admin/.',
    '/public/%252e%252e/admin',
    '/public/a/../../admin',
    '/public%2fa',
    '/public//a',
    '/public/a;x=1',
    '/PUBLIC/a',
  ])('%s', async (path) => {
    const exact = sign({ path: '/public/a' }).slice('/public/a'.length);
    const below = sign({ path: '/public/a', grant: { prefix: '/public/a' } }).slice('/public/a'.length);
    expect([await passes(path + exact), await passes(path + below)]).toEqual([false, false]);
  });

  test('what is below a prefix, and what is not', async () => {
    const query = sign({ path: '/v/1', grant: { prefix: '/v/1' } }).split('?')[1]!;
    const verdict = async (path: string): Promise<boolean> => passes(`${path}?${query}`);
    const paths = [
      '/v/1',
      '/v/1/',
      '/v/1/a.ts',
      '/v/1/../1/b',
      '/v/%31/c',
      '/v/12',
      '/v/1%2Fa',
      '/v/1/../2',
      '/v',
      '/v/1;a',
    ];
    expect(await Promise.all(paths.map(verdict))).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(await passes(`/v/1/a?x=1&${query}&y=2`)).toBe(true);
    expect(await passes(`/v/1/a?${query.replace('su-prefix=/v/1', 'su-prefix=/v')}`)).toBe(false);
    expect(await passes(`/v/1/a?${query.replace('&su-prefix=/v/1', '')}`)).toBe(false);
  });
});

describe('times', () => {
  test.each<[string, Partial<Grant>]>([
    ['expired', { expires: String(now - 30) }],
    ['in the future', { notBefore: String(now + 31) }],
    ['for too long', { expires: String(now + 7_231) }],
    ['for ever', { expires: '99999999999999' }],
    ['negative', { expires: '-1' }],
    ['zero', { expires: '0' }],
    ['a fraction', { expires: `${now + 10}.5` }],
    ['an exponent', { expires: '18e8' }],
    ['hexadecimal', { expires: `0x${(now + 10).toString(16)}` }],
    ['with a sign', { expires: `+${now + 10}` }],
    ['a word', { expires: 'NaN' }],
    ['a beginning that is none', { notBefore: 'x' }],
    ['a beginning with a leading zero', { notBefore: '01' }],
  ])('%s', async (_, grant) => {
    expect(await passes(sign({ grant }))).toBe(false);
  });
});

describe('methods', () => {
  test.each([
    ['', 'GET', true],
    ['', 'HEAD', true],
    ['', 'POST', false],
    ['', 'DELETE', false],
    ['', 'get', false],
    ['GET', 'HEAD', true],
    ['GET', 'PUT', false],
    ['PUT', 'PUT', true],
    ['PUT', 'GET', false],
    ['put', 'PUT', false],
  ])('signed for %j, asked by %s: %s', async (method, asked, good) => {
    expect(await passes(sign({ grant: { method } }), { method: asked })).toBe(good);
  });
});

describe('addresses', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.0/24', '192.0.2.200', true],
    ['192.0.2.0/24', '::ffff:192.0.2.9', true],
    ['192.0.2.0/24', '192.0.3.1', false],
    ['2001:db8::/32', '2001:db8::1', true],
    ['2001:DB8:0::1', '2001:db8::1', true],
    ['::/0', '192.0.2.1', false],
    ['0.0.0.0/0', '192.0.2.1', true],
    ['192.0.2.1', '', false],
    ['anywhere', '192.0.2.1', false],
    ['192.0.2.0/33', '192.0.2.1', false],
  ])('signed for %s, asked from %s: %s', async (ip, clientAddress, good) => {
    expect(await passes(sign({ grant: { ip } }), { clientAddress })).toBe(good);
  });

  test('where every URL has to name one', async () => {
    const required = { requireClientIP: true };
    expect(await passes(sign(), { clientAddress: '192.0.2.1' }, required)).toBe(false);
    expect(await passes(sign({ grant: { ip: '192.0.2.1' } }), { clientAddress: '192.0.2.1' }, required)).toBe(true);
  });
});

describe('confusion of keys and algorithms', () => {
  /** Signs as `id`, with whatever bytes. */
  const forge = (id: string, algorithm: 'HMACSHA256' | 'Ed25519', secret: string): string => {
    const key: SigningKey = {
      algorithm,
      sign: (text) => createHmac('sha256', secret).update(text).digest('base64url'),
    };
    return sign({ grant: { keyId: id }, key });
  };

  test.each([
    ['the public key as a shared one', forge('e1', 'Ed25519', publicKey)],
    ['… under the name of HMAC', forge('e1', 'HMACSHA256', publicKey)],
    ['an empty key', forge('k1', 'HMACSHA256', '')],
    ['the key of another id', sign({ grant: { keyId: 'k1' }, key: signers.k2 })],
    ['Ed25519 for an HMAC key', sign({ grant: { keyId: 'k1' }, key: signers.e1 })],
    ['a key that was taken out', sign({ grant: { keyId: 'k2' }, key: signers.k2 })],
  ])('%s', async (_, target) => {
    const keys = config.keys.filter(({ id }) => id !== 'k2');
    expect(await passes(target, {}, { keys })).toBe(false);
  });

  test('no part can end early and become another', () => {
    const parts = { algorithm: 'HMACSHA256', host: 'h', path: '/a', query: '', grant: anything };
    const texts = [
      parts,
      { ...parts, path: '/', query: 'a' },
      { ...parts, grant: { ...anything, prefix: '/a' } },
      { ...parts, grant: { ...anything, method: 'GET' } },
      { ...parts, grant: { ...anything, notBefore: '1' } },
      { ...parts, grant: { ...anything, ip: '1' } },
      { ...parts, host: 'h\n' },
    ].map(stringToSign);
    expect(new Set(texts).size).toBe(texts.length);
  });
});
