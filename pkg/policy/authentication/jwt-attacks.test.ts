/** Not one of the tokens in `attacks.testing.ts` may pass, nor any that a bad key verifies. */
import { createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { TestFeed } from '../../testkit/filter-env.ts';
import type { RuntimeFilter } from '../runtime.ts';
import { attacks, good, keys, other, pss, secret } from './attacks.testing.ts';
import { authentication, jwt } from './methods.testing.ts';
import {
  base64url,
  claims,
  ec,
  ed25519,
  header,
  jwkOf,
  NOW,
  part,
  pemOf,
  rsa,
  type TestKey,
  token,
} from './tokens.testing.ts';

/** Everything is allowed that can be: the attacks have all the room there is. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA', 'HS256', 'HS384'];
const spec = {
  issuer: claims.iss,
  audiences: ['orders'],
  algorithms,
  remoteJWKS: { uri: 'https://issuer.test/jwks' },
  sharedSecret: { name: 'jwt', key: 'secret' },
};

function filterOf(more: object = {}, jwks: readonly object[] = keys): RuntimeFilter {
  const feed = new TestFeed({ keys: jwks, fetchedAt: 1, failure: '' });
  return authentication(
    { methods: [jwt({ ...spec, ...more })] },
    {
      wallClock: () => NOW * 1000,
      feed: () => feed,
      ask: () => false,
      secrets: { 'Secret/shop/jwt/secret': secret },
    },
    { secrets: { 'jwt/secret': secret } },
  );
}

const bearer = (value: string): ExchangeOptions => ({ headers: { authorization: `Bearer ${value}` } });

describe('tokens that are good', () => {
  test.each<[string, string]>([
    ['RS256', good],
    ['RS256 without a kid', token({ alg: 'RS256' }, claims)],
    ['ES256', token({ alg: 'ES256', kid: 'ec' }, claims, 'ES256', ec.privateKey)],
    ['EdDSA', token({ alg: 'EdDSA', kid: 'ed' }, claims, 'EdDSA', ed25519.privateKey)],
    ['PS256', token({ alg: 'PS256', kid: 'pss' }, claims, 'PS256', pss.privateKey)],
    ['HS256', token({ alg: 'HS256' }, claims, 'HS256', secret)],
    ['several audiences', token(header, { ...claims, aud: ['billing', 'orders'] })],
    ['typ at+jwt', token({ ...header, typ: 'at+jwt' }, claims)],
    ['typ application/AT+JWT', token({ ...header, typ: 'application/AT+JWT' }, claims)],
    ['expired within the skew', token(header, { ...claims, exp: NOW - 29 })],
    ['valid soon, within the skew', token(header, { ...claims, nbf: NOW + 29 })],
  ])('%s', async (_, text) => {
    const seen = await run(filterOf(), bearer(text));
    expect(seen.identity).toMatchObject({ method: 'JWT', provider: 'corp', subject: 'ada' });
    expect(seen.local).toBeUndefined();
  });
});

describe('tokens that are not', () => {
  const filter = filterOf();

  test.each(attacks)('%s', async (_, text) => {
    const seen = await run(filter, bearer(text));
    expect(seen).toMatchObject({ denied: 'unauthenticated', status: 401, identity: null });
    expect(seen.responseHeaders).toEqual([
      expect.stringMatching(
        /^WWW-Authenticate: Bearer realm="corp"(?:, error="invalid_token", error_description="[A-Za-z ]+")?$/,
      ),
    ]);
  });

  test('nor do they pass where anonymous requests do', async () => {
    const feed = new TestFeed({ keys, fetchedAt: 1, failure: '' });
    const open = authentication(
      { allowAnonymous: true, methods: [jwt({ ...spec, algorithms: ['RS256'], sharedSecret: undefined })] },
      { wallClock: () => NOW * 1000, feed: () => feed, ask: () => false },
    );
    expect((await run(open, {})).denied).toBeUndefined();
    const passed: string[] = [];
    for (const [name, text] of attacks) {
      // An empty header field is no credential.
      if (text !== '' && (await run(open, bearer(text))).denied !== 'unauthenticated') passed.push(name);
    }
    expect(passed).toEqual([]);
  });

  test('with a good one known by its hash, a neighbour of it still fails', async () => {
    const filter = filterOf();
    expect((await run(filter, bearer(good))).identity).not.toBeNull();
    expect((await run(filter, bearer(good.slice(0, -2)))).denied).toBe('unauthenticated');
    expect((await run(filter, bearer(good))).identity).not.toBeNull();
  });
});

describe('keys that nobody may use', () => {
  const small: TestKey = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const secp256k1: TestKey = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  // With e = 1 the padded hash is its own signature.
  const exponentOne = { kty: 'RSA', n: jwkOf(rsa)['n'], e: 'AQ', kid: 'weak' };

  test.each<[string, object, string]>([
    [
      'RSA of 1024 bits',
      jwkOf(small, { kid: 'weak' }),
      token({ alg: 'RS256', kid: 'weak' }, claims, 'RS256', small.privateKey),
    ],
    ['RSA with e = 1', exponentOne, paddedHash()],
    ['RSA with an even exponent', { ...exponentOne, e: 'Ag' }, paddedHash()],
    [
      'a symmetric key',
      { kty: 'oct', k: base64url('x'.repeat(32)), kid: 'weak' },
      token({ alg: 'HS256', kid: 'weak' }, claims, 'HS256', 'x'.repeat(32)),
    ],
    [
      'a symmetric key for RS256',
      { kty: 'oct', k: base64url('x'.repeat(32)), kid: 'weak', alg: 'RS256' },
      token({ alg: 'RS256', kid: 'weak' }, claims, 'HS256', 'x'.repeat(32)),
    ],
    [
      'a key on secp256k1',
      jwkOf(secp256k1, { kid: 'weak' }),
      token({ alg: 'ES256', kid: 'weak' }, claims, 'ES256', secp256k1.privateKey),
    ],
    [
      'a key whose alg does not fit',
      jwkOf(ec, { kid: 'weak', alg: 'RS256' }),
      token({ alg: 'ES256', kid: 'weak' }, claims, 'ES256', ec.privateKey),
    ],
    [
      'a private key',
      { ...other.privateKey.export({ format: 'jwk' }), kid: 'weak' },
      token({ alg: 'RS256', kid: 'weak' }, claims, 'RS256', other.privateKey),
    ],
    [
      'a key with a kid that is a list',
      jwkOf(other, { kid: ['weak'] }),
      token({ alg: 'RS256', kid: 'weak' }, claims, 'RS256', other.privateKey),
    ],
  ])('%s', async (_, key, text) => {
    expect((await run(filterOf({}, [key]), bearer(text))).denied).toBe('unauthenticated');
  });

  function paddedHash(): string {
    const input = `${part({ alg: 'RS256', kid: 'weak' })}.${part(claims)}`;
    const digestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex');
    const hashed = hash('sha256', input, 'buffer');
    const padding = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(256 - 3 - 19 - 32, 0xff), Buffer.from([0])]);
    return `${input}.${base64url(Buffer.concat([padding, digestInfo, hashed]))}`;
  }
});

test('the public key in a PEM of the configuration is no shared secret either', async () => {
  const filter = authentication(
    { methods: [jwt({ issuer: claims.iss, localJWKS: { type: 'Inline', inline: pemOf(rsa) } })] },
    { wallClock: () => NOW * 1000 },
  );
  expect((await run(filter, bearer(good))).identity).not.toBeNull();
  for (const pem of [
    pemOf(rsa),
    pemOf(rsa).trim(),
    createPublicKey(pemOf(rsa)).export({ format: 'pem', type: 'pkcs1' }),
  ]) {
    const forgery = token({ alg: 'HS256' }, claims, 'HS256', pem);
    expect((await run(filter, bearer(forgery))).denied).toBe('unauthenticated');
  }
});
