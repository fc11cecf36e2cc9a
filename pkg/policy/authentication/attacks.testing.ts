/** Tokens that no verifier may take: J1 and J2 of the attack list, and what else is known of broken ones. */
import { generateKeyPairSync } from 'node:crypto';
import {
  base64url,
  claims,
  ec,
  ec384,
  ed25519,
  header,
  jwkOf,
  NOW,
  part,
  pemOf,
  rsa,
  signature,
  type TestKey,
  token,
} from './tokens.testing.ts';

export const other: TestKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const pss: TestKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const secret = 'a-shared-secret-of-at-least-48-bytes-for-HS384-too';

export const keys = [
  jwkOf(rsa, { kid: 'a', alg: 'RS256', use: 'sig' }),
  jwkOf(ec, { kid: 'ec' }),
  jwkOf(ed25519, { kid: 'ed' }),
  jwkOf(pss, { kid: 'pss', alg: 'PS256' }),
  jwkOf(other, { kid: 'encryption', use: 'enc' }),
  jwkOf(other, { kid: 'signing-only', key_ops: ['sign'] }),
];

export const good = token(header, claims);
const [h = '', p = '', s = ''] = good.split('.');

const forged = (
  name: string,
  head: unknown,
  algorithm: string,
  key: TestKey['privateKey'] | string,
  body: unknown = claims,
) => [name, token(head, body, algorithm, key)] as const;

const signedHeader = (name: string, head: unknown) => [name, token(head, claims)] as const;
const signedClaims = (name: string, body: unknown) => [name, token(header, body)] as const;
const without = (name: keyof typeof claims) =>
  Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));

/** Text of a claims object in which `member` is written as it is given: JSON has more than JavaScript can print. */
const raw = (member: string) => `{${member},"iss":"${claims.iss}","sub":"ada","aud":"orders"}`;

export const attacks: readonly (readonly [name: string, token: string])[] = [
  // No signature.
  ...['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg) => [
    [`alg ${alg}, empty signature`, `${part({ ...header, alg })}.${p}.`] as const,
    [`alg ${alg}, the old signature`, `${part({ ...header, alg })}.${p}.${s}`] as const,
    [`alg ${alg}, any signature`, `${part({ ...header, alg })}.${p}.AAAA`] as const,
  ]),
  signedHeader('alg missing', { kid: 'a', typ: 'JWT' }),
  signedHeader('alg null', { ...header, alg: null }),
  signedHeader('alg a list', { ...header, alg: ['RS256'] }),
  signedHeader('alg an object', { ...header, alg: { toString: 'RS256' } }),
  signedHeader('alg in lower case', { ...header, alg: 'rs256' }),
  signedHeader('alg of Object.prototype', { ...header, alg: 'constructor' }),
  ['empty signature', `${h}.${p}.`],
  ['signature left out', `${h}.${p}`],
  ['signature cut', `${h}.${p}.${s.slice(0, -4)}`],
  ['signature extended', `${good}AAAA`],
  ['signature with a flipped bit', `${h}.${p}.${s.startsWith('A') ? 'B' : 'A'}${s.slice(1)}`],
  ['signature of zeros (CVE-2022-21449)', `${part({ alg: 'ES256', kid: 'ec' })}.${p}.${base64url(Buffer.alloc(64))}`],
  ['signature in DER', derSigned()],
  ['other claims under the signature', `${h}.${part({ ...claims, sub: 'root' })}.${s}`],
  ['other header under the signature', `${part({ ...header, x: 1 })}.${p}.${s}`],

  // Confusion of keys and algorithms.
  ...['RS256', 'HS256', 'HS384'].flatMap((alg) => [
    forged(`${alg}: HMAC with the public key as PEM`, { ...header, alg }, 'HS256', pemOf(rsa)),
    forged(`${alg}: HMAC with the PEM without a line end`, { ...header, alg }, 'HS256', pemOf(rsa).trim()),
    forged(`${alg}: HMAC with the modulus`, { ...header, alg }, 'HS256', String(jwkOf(rsa)['n'])),
    forged(`${alg}: HMAC with the JWK`, { ...header, alg }, 'HS256', JSON.stringify(keys[0])),
    forged(
      `${alg}: HMAC with the key in DER`,
      { ...header, alg },
      'HS256',
      rsa.publicKey.export({ format: 'der', type: 'spki' }).toString('latin1'),
    ),
  ]),
  forged('HS256 with an empty secret', { alg: 'HS256' }, 'HS256', ''),
  forged('HS256 with the id of the secret', { alg: 'HS256' }, 'HS256', 'Secret/shop/jwt/secret'),
  forged('HS512, which is not allowed', { alg: 'HS512' }, 'HS512', secret),
  forged('HS256 under HS384', { alg: 'HS384' }, 'HS256', secret),
  forged('PS256 with a key for RS256', { ...header, alg: 'PS256' }, 'PS256', rsa.privateKey),
  forged('RS256 with a key for PS256', { alg: 'RS256', kid: 'pss' }, 'RS256', pss.privateKey),
  forged('RS512 with a key for RS256', { ...header, alg: 'RS512' }, 'RS512', rsa.privateKey),
  forged('PS512, which is not allowed', { alg: 'PS512', kid: 'pss' }, 'PS512', pss.privateKey),
  forged('ES256 under the kid of an RSA key', { alg: 'ES256', kid: 'a' }, 'ES256', ec.privateKey),
  forged('ES384 with a key on P-256', { alg: 'ES384', kid: 'ec' }, 'ES384', ec.privateKey),
  forged('ES256 with another curve', { alg: 'ES256', kid: 'ec' }, 'ES384', ec384.privateKey),
  forged('the key of somebody else', header, 'RS256', other.privateKey),
  forged('a key for encryption', { alg: 'RS256', kid: 'encryption' }, 'RS256', other.privateKey),
  forged('a key that may only sign', { alg: 'RS256', kid: 'signing-only' }, 'RS256', other.privateKey),
  forged('another key, no kid', { alg: 'RS256' }, 'RS256', other.privateKey),

  // A key that the token brings along.
  forged('jwk', { ...header, kid: 'x', jwk: jwkOf(other) }, 'RS256', other.privateKey),
  forged('jwk under a known kid', { ...header, jwk: jwkOf(other, { kid: 'a' }) }, 'RS256', other.privateKey),
  forged('jku', { ...header, kid: 'x', jku: 'https://evil.test/jwks' }, 'RS256', other.privateKey),
  forged('x5u', { ...header, x5u: 'https://evil.test/cert' }, 'RS256', other.privateKey),
  forged(
    'x5c',
    { ...header, x5c: [base64url(other.publicKey.export({ format: 'der', type: 'spki' }))] },
    'RS256',
    other.privateKey,
  ),

  // kid.
  ...['../../dev/null', '/dev/null', "a' OR '1'='1", 'A', 'a\0', ' a', 'constructor', '__proto__', 'x'.repeat(257)].map(
    (kid) => forged(`kid ${JSON.stringify(kid).slice(0, 20)}, HMAC with nothing`, { alg: 'HS256', kid }, 'HS256', ''),
  ),
  ...['../../dev/null', 'A', 'a\0', ' a', 'x'.repeat(257)].map((kid) =>
    signedHeader(`kid ${JSON.stringify(kid).slice(0, 20)}`, { ...header, kid }),
  ),
  signedHeader('kid a list', { ...header, kid: ['a'] }),
  signedHeader('kid a number', { ...header, kid: 0 }),
  signedHeader('kid null', { ...header, kid: null }),
  signedHeader('kid an object', { ...header, kid: { a: 1 } }),

  // What changes the meaning of the parts.
  signedHeader('crit unknown', { ...header, crit: ['exp'], exp: 1 }),
  signedHeader('crit empty', { ...header, crit: [] }),
  signedHeader('crit no list', { ...header, crit: 'b64' }),
  signedHeader('b64 false', { ...header, b64: false, crit: ['b64'] }),
  signedHeader('b64 false without crit', { ...header, b64: false }),
  ['b64 false, signed over the plain text', unencoded()],
  signedHeader('zip', { ...header, zip: 'DEF' }),
  signedHeader('enc', { ...header, enc: 'A128GCM' }),
  ['nested', token({ ...header, cty: 'JWT' }, good)],
  ['nested, as JSON', token({ ...header, cty: 'application/jwt' }, claims)],
  ['JWE in five parts', `${part({ alg: 'dir', enc: 'A128GCM' })}..AAAA.AAAA.AAAA`],
  ['JWE with claims', `${h}.${p}.${s}.AAAA.AAAA`],
  ['JSON serialization', JSON.stringify({ protected: h, payload: p, signature: s })],

  // Form.
  ['nothing', ''],
  ['dots', '..'],
  ['empty claims', `${h}..${s}`],
  ['empty header', `.${p}.${s}`],
  ['padding', `${h}=.${p}.${s}`],
  ['padding of the signature', `${good}==`],
  ['white space inside', `${h}. ${p}.${s}`],
  ['tab inside', `${h}.${p}.\t${s}`],
  ['base64 instead of base64url', `${h}.${p}.${Buffer.from(s, 'base64url').toString('base64')}+/`],
  ['percent escapes', good.replace('.', '%2e')],
  ['two tokens', `${good}, Bearer ${good}`],
  ['two tokens with a space', `${good} ${good}`],
  ['1 MB', `${h}.${'A'.repeat(1 << 20)}.${s}`],
  ['more than 8 KiB, well signed', token(header, { ...claims, more: 'x'.repeat(8000) })],
  signedHeader('header a list', [header]),
  signedHeader('header a text', '"RS256"'),
  signedHeader('header no JSON', '{alg:RS256}'),
  signedHeader('header with a comma too many', '{"alg":"RS256","kid":"a",}'),
  ['header not UTF-8', notUtf8('{"alg":"RS256","kid":"a","x":"\xff"}', JSON.stringify(claims))],
  ['claims not UTF-8', notUtf8(JSON.stringify(header), JSON.stringify({ ...claims, sub: 'ad\xff' }))],
  signedClaims('claims a list', [claims]),
  signedClaims('claims null', 'null'),
  signedClaims('claims a text', '"ada"'),
  signedClaims('claims no JSON', "{'sub':'ada'}"),
  ['alg twice', token('{"alg":"RS256","kid":"a","alg":"none"}', claims)],

  // Times.
  signedClaims('exp over', { ...claims, exp: NOW - 31 }),
  signedClaims('exp now, at the end of the skew', { ...claims, exp: NOW - 30 }),
  signedClaims('exp missing', without('exp')),
  signedClaims('exp a text', { ...claims, exp: String(NOW + 300) }),
  signedClaims('exp null', { ...claims, exp: null }),
  signedClaims('exp true', { ...claims, exp: true }),
  signedClaims('exp a list', { ...claims, exp: [NOW + 300] }),
  signedClaims('exp an object', { ...claims, exp: { valueOf: NOW } }),
  signedClaims('exp negative', { ...claims, exp: -1 }),
  signedClaims('exp 0', { ...claims, exp: 0 }),
  signedClaims('exp in milliseconds', { ...claims, exp: (NOW + 300) * 1000 }),
  signedClaims('exp 1e400', raw('"exp":1e400')),
  signedClaims('exp -1e400', raw('"exp":-1e400')),
  signedClaims('exp 1e308', raw('"exp":1e308')),
  signedClaims('exp NaN', raw('"exp":NaN')),
  signedClaims('exp twice, over last', raw(`"exp":${NOW + 300},"exp":1`)),
  signedClaims('nbf to come', { ...claims, nbf: NOW + 31 }),
  signedClaims('nbf a text', { ...claims, nbf: '0' }),
  signedClaims('nbf negative', { ...claims, nbf: -1 }),
  signedClaims('nbf -1e400', raw(`"exp":${NOW + 300},"nbf":-1e400`)),
  signedClaims('iat to come', { ...claims, iat: NOW + 31 }),
  signedClaims('iat a text', { ...claims, iat: 'now' }),

  // Issuer and audience.
  signedClaims('iss missing', without('iss')),
  signedClaims('iss another', { ...claims, iss: 'https://evil.test/' }),
  signedClaims('iss a prefix', { ...claims, iss: 'https://issuer.test' }),
  signedClaims('iss longer', { ...claims, iss: `${claims.iss}evil` }),
  signedClaims('iss in upper case', { ...claims, iss: claims.iss.toUpperCase() }),
  signedClaims('iss a list', { ...claims, iss: [claims.iss] }),
  signedClaims('iss with a NUL', { ...claims, iss: `${claims.iss}\0` }),
  signedClaims('aud missing', without('aud')),
  signedClaims('aud another', { ...claims, aud: 'billing' }),
  signedClaims('aud empty list', { ...claims, aud: [] }),
  signedClaims('aud a prefix', { ...claims, aud: 'order' }),
  signedClaims('aud longer', { ...claims, aud: 'orders-admin' }),
  signedClaims('aud words', { ...claims, aud: 'billing orders' }),
  signedClaims('aud a list of lists', { ...claims, aud: [['orders']] }),
  signedClaims('aud an object', { ...claims, aud: { orders: true } }),
  signedClaims('aud partly no text', { ...claims, aud: ['orders', 1] }),

  // Subject.
  signedClaims('sub missing', without('sub')),
  signedClaims('sub empty', { ...claims, sub: '' }),
  signedClaims('sub a number', { ...claims, sub: 1 }),
  signedClaims('sub a list', { ...claims, sub: ['ada'] }),
  signedClaims('sub with a line break', { ...claims, sub: 'ada\r\nx-role: admin' }),
  signedClaims('sub with a NUL', { ...claims, sub: 'ada\0' }),
  signedClaims('sub of 1,025 characters', { ...claims, sub: 'x'.repeat(1025) }),
  signedClaims('sub inherited', `{"__proto__":{"sub":"ada"},"iss":"${claims.iss}","aud":"orders","exp":${NOW + 300}}`),

  // Another purpose.
  ...['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'jwt2', 'JOSE+JSON'].map((typ) =>
    signedHeader(`typ ${typ}`, { ...header, typ }),
  ),
  signedHeader('typ a list', { ...header, typ: ['JWT'] }),
];

function derSigned(): string {
  const input = `${part({ alg: 'ES256', kid: 'ec' })}.${p}`;
  const der = signature(input, 'RS256', ec.privateKey); // sign() without dsaEncoding gives DER
  return `${input}.${base64url(der)}`;
}

function unencoded(): string {
  const head = part({ alg: 'RS256', kid: 'a', b64: false, crit: ['b64'] });
  return `${head}.${p}.${base64url(signature(`${head}.${JSON.stringify(claims)}`, 'RS256', rsa.privateKey))}`;
}

function notUtf8(head: string, body: string): string {
  const input = [head, body].map((text) => base64url(Buffer.from(text, 'latin1'))).join('.');
  return `${input}.${base64url(signature(input, 'RS256', rsa.privateKey))}`;
}
