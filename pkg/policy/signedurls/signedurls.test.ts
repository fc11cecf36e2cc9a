import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { canonicalQueryOf, isBelow, normalizePercent, readSignedQuery } from './canonical.ts';
import { createSignedURLs } from './filter.ts';
import { ed25519PrivateKey, ed25519PublicKey, hmacKey } from './key.ts';
import type { SignedURLsSpec } from './schema.ts';
import { translateSignedURLs } from './translate.ts';

const secret = 'a'.repeat(32);
const pair = generateKeyPairSync('ed25519');
const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' });
const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });

const hmac = { id: 'k1', algorithm: 'HMACSHA256', secretRef: { name: 'keys', key: 'one' } } as const;
const ed25519 = {
  id: 'k2',
  algorithm: 'Ed25519',
  publicKeyRef: { kind: 'ConfigMap', name: 'public', key: 'pem' },
} as const;

function translate(spec: Partial<SignedURLsSpec>) {
  const context = testPolicyContext({
    secrets: {
      'keys/one': secret,
      'keys/short': 'a'.repeat(31),
      'keys/lines': `${'a'.repeat(30)}\n\n`,
      'keys/binary': '�'.repeat(40),
      'keys/pem': publicKey,
    },
    configMaps: { 'public/pem': publicKey, 'public/private': privateKey, 'public/rsa': rsa, 'public/none': 'x' },
  });
  return translateSignedURLs({ keys: [hmac], requireClientIP: false, ...spec }, 'signed', context);
}

describe('translate', () => {
  test('keys by reference, times in seconds', () => {
    const fromSecret = { ...ed25519, id: 'k3', publicKeyRef: { kind: 'Secret', name: 'keys', key: 'pem' } } as const;
    const spec = { keys: [hmac, ed25519, fromSecret], clockSkew: '1m', maxLifetime: '2h', requireClientIP: true };
    expect(translate(spec)).toEqual({
      keys: [
        { id: 'k1', algorithm: 'HMACSHA256', secret: 'Secret/shop/keys/one' },
        { id: 'k2', algorithm: 'Ed25519', publicKey },
        { id: 'k3', algorithm: 'Ed25519', publicKey },
      ],
      clockSkew: 60,
      maxLifetime: 7_200,
      requireClientIP: true,
    });
    expect(translate({})).toMatchObject({ clockSkew: 30, maxLifetime: 604_800 });
  });

  test.each<[string, Partial<SignedURLsSpec>, string, string]>([
    ['two of one id', { keys: [hmac, { ...ed25519, id: 'k1' }] }, 'signed.keys[1].id', 'id of another key'],
    ['no life', { maxLifetime: '500ms' }, 'signed.maxLifetime', 'lets no URL in'],
    [
      'a shared key that is not there',
      key({ secretRef: { name: 'keys', key: 'gone' } }),
      'signed.keys[0].secretRef',
      'not found',
    ],
    ['a short one', key({ secretRef: { name: 'keys', key: 'short' } }), 'signed.keys[0].secretRef', 'shorter than 32'],
    ['one of lines', key({ secretRef: { name: 'keys', key: 'lines' } }), 'signed.keys[0].secretRef', 'shorter than 32'],
    ['binary', key({ secretRef: { name: 'keys', key: 'binary' } }), 'signed.keys[0].secretRef', 'no text'],
    ['a private key', pub('private'), 'signed.keys[0].publicKeyRef', 'it is a private key'],
    ['RSA', pub('rsa'), 'signed.keys[0].publicKeyRef', 'it is a key of rsa'],
    ['no key', pub('none'), 'signed.keys[0].publicKeyRef', 'openssl pkey -pubout'],
    ['a public key that is not there', pub('gone'), 'signed.keys[0].publicKeyRef', 'not found'],
    [
      'the wrong member',
      { keys: [{ id: 'a', algorithm: 'Ed25519', secretRef: hmac.secretRef, publicKeyRef: ed25519.publicKeyRef }] },
      'signed.keys[0].secretRef',
      'not read with algorithm',
    ],
    ['a missing member', { keys: [{ id: 'a', algorithm: 'HMACSHA256' }] }, 'signed.keys[0].secretRef', 'is missing'],
  ])('%s is refused', (_, spec, path, message) => {
    const problems = translate(spec);
    if (!isProblems(problems)) throw new Error('translated');
    expect(problems).toEqual([expect.objectContaining({ path, message: expect.stringContaining(message) })]);
    // Nothing of a key in a status.
    expect(JSON.stringify(problems)).not.toMatch(/aaaa|BEGIN/);
  });

  test('a filter without its secret cannot be built', () => {
    const config = translate({});
    if (isProblems(config)) throw new Error('refused');
    expect(() => createSignedURLs(config, testFilterEnv())).toThrow('no secret');
  });
});

function key(more: object): Partial<SignedURLsSpec> {
  return { keys: [{ ...hmac, ...more }] };
}

function pub(name: string): Partial<SignedURLsSpec> {
  return { keys: [{ ...ed25519, publicKeyRef: { kind: 'ConfigMap', name: 'public', key: name } }] };
}

describe('canonical form', () => {
  test.each([
    ['', ''],
    ['?', ''],
    ['?b=2&a=1', 'a=1&b=2'],
    ['b=2&a=1&a=0&&', 'a=1&a=0&b=2'],
    ['a&a=&=a', '=a&a&a='],
    ['%61=%7e%2f', 'a=~%2F'],
    ['a=+&b=%20&c=%2B', 'a=+&b=%20&c=%2B'],
    ['a=1;b=2&a=1%3bb=2', 'a=1;b=2&a=1%3Bb=2'],
    ['a=%zz&b=%', 'a=%zz&b=%'],
    ['aa=1&a=2&A=3', 'A=3&a=2&aa=1'],
  ])('of the query %j is %j', (query, canonical) => {
    expect(canonicalQueryOf(query)).toBe(canonical);
  });

  test('normalizing is done once', () => {
    expect(normalizePercent('%2561')).toBe('%2561');
    expect(normalizePercent('%25%36%31')).toBe('%2561');
  });

  const good = 'su-key=k&su-expires=1&su-signature=s';
  test('of a signed query leaves the rest as it came', () => {
    expect(readSignedQuery(`?b=%7e&${good}&a=1&a=%2f`)).toEqual({
      grant: { keyId: 'k', expires: '1', notBefore: '', prefix: '', method: '', ip: '' },
      signature: 's',
      canonical: 'a=1&a=%2F&b=~',
      rest: 'b=%7e&a=1&a=%2f',
    });
    expect(readSignedQuery(`${good}&su%2Dip=::1&%73u-prefix=/a%2fb`)?.grant).toMatchObject({
      ip: '::1',
      prefix: '/a%2Fb',
    });
  });

  test.each([
    '',
    'su-key=k&su-expires=1',
    'su-key=k&su-signature=s',
    'su-expires=1&su-signature=s',
    `${good}&su-key=k`,
    `${good}&su%2dkey=other`,
    `${good}&su-expires=2`,
    `${good}&su-method`,
    `${good}&su-method=`,
    `${good}&su-other=1`,
    `${good}&su-=1`,
    `${good}&su-constructor=1`,
    good.replace('su-key=k', 'SU-KEY=k'),
    `${'a&'.repeat(300)}${good}`,
  ])('%j is no signed query', (query) => {
    expect(readSignedQuery(query)).toBeNull();
  });

  test.each([
    ['/a', '/a', true],
    ['/a/', '/a', true],
    ['/a/b', '/a', true],
    ['/ab', '/a', false],
    ['/a%2Fb', '/a', false],
    ['/A', '/a', false],
    ['/a', '/a/', false],
    ['/a/', '/a/', true],
    ['/a/b', '/a/', true],
    ['/%61/b', '/a', true],
    ['/', '/a', false],
    ['/anything', '/', true],
  ])('%s is below %s: %s', (path, prefix, below) => {
    expect(isBelow(path, prefix)).toBe(below);
  });
});

describe('keys', () => {
  test('HMAC-SHA-256 of the text, whatever ends the line of the key', () => {
    const one = hmacKey(secret);
    // By openssl dgst -sha256 -hmac.
    expect(one.sign('text')).toBe('zthuEHher8Hw7DHApi7h2-_zZeY3czIzxSAqtBl7naQ');
    expect(hmacKey(`${secret}\n`).sign('text')).toBe(one.sign('text'));
    expect(hmacKey(`${secret}\r\n`).sign('text')).toBe(one.sign('text'));
    expect(hmacKey(`${secret}x`).sign('text')).not.toBe(one.sign('text'));
  });

  test.each([
    ['HMACSHA256', hmacKey(secret), hmacKey(secret)],
    ['Ed25519', ed25519PrivateKey(privateKey), ed25519PublicKey(publicKey)],
  ])('%s: one signature has one spelling', (_, signer, verifier) => {
    const signature = signer.sign('text');
    expect(verifier.verifies('text', signature)).toBe(true);
    expect(verifier.verifies('texts', signature)).toBe(false);
    const last = signature.at(-1)!;
    const next = String.fromCharCode(last.charCodeAt(0) + 1);
    for (const other of [
      '',
      signature.slice(0, -1),
      `${signature}=`,
      `${signature}A`,
      ` ${signature}`,
      signature.slice(0, -1) + next,
      Buffer.from(signature, 'base64url').toString('hex'),
      '\u{1f600}'.repeat(16),
    ])
      expect(verifier.verifies('text', other)).toBe(false);
  });
});
