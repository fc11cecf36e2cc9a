import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Value } from 'typebox/value';
import { spellings } from '../spellings.ts';
import { isProblems } from '../translated.ts';
import type { JwtConfig } from './jwt-schema.ts';
import { configOf, jwt, translated } from './methods.testing.ts';
import { authenticationSchema } from './spec.ts';
import { ec, jwkOf, pemOf, rsa } from './tokens.testing.ts';

const uri = 'https://issuer.test/jwks';
const remote = { remoteJWKS: { uri } };
const inline = (text: string) => ({ localJWKS: { type: 'Inline', inline: text } });
const context = {
  secrets: { 'jwt/long': 'x'.repeat(32), 'jwt/short': 'x'.repeat(31), 'jwt/pem': pemOf(rsa) },
  configMaps: { 'keys/jwks': JSON.stringify({ keys: [jwkOf(ec)] }) },
  authorities: { ca: 'PEM' },
  services: ['keycloak'],
};

describe('what becomes of it', () => {
  test('the shortest policy', () => {
    expect(config(remote)).toEqual({
      rules: {
        issuer: '',
        audiences: [],
        clockSkew: 30_000,
        expirationRequired: true,
        types: ['', 'jwt', 'at+jwt'],
        required: [],
      },
      algorithms: ['RS256', 'ES256'],
      keys: {
        kind: 'feed',
        feed: { source: { kind: 'uri', uri }, authority: null, cacheDuration: 300_000, maxStale: 43_200_000 },
      },
      sharedSecret: null,
      locations: {
        headers: [{ name: 'authorization', prefix: 'bearer ' }],
        cookies: [],
        params: [],
        webSocketPrefix: '',
      },
      forward: 'Keep',
      claimToHeaders: [],
      identity: { subject: 'sub', tenant: '', scopes: ['scope', 'scp'], roles: 'roles' },
    });
  });

  test('a shared secret is named, never copied into the configuration', () => {
    const spec = { sharedSecret: { name: 'jwt', key: 'long' } };
    expect(config(spec)).toMatchObject({ algorithms: ['HS256'], sharedSecret: 'Secret/shop/jwt/long' });
    expect(config({ ...spec, ...remote }).algorithms).toEqual(['RS256', 'ES256', 'HS256']);
    expect(JSON.stringify(config(spec))).not.toContain('xxxx');
  });

  test('keys come from a ConfigMap or Secret, as JWKs', () => {
    const valueRef = (kind: string, name: string, key: string) => ({
      localJWKS: { type: 'ValueRef', valueRef: { kind, name, key } },
    });
    expect(config(valueRef('ConfigMap', 'keys', 'jwks')).keys).toEqual({ kind: 'fixed', keys: [jwkOf(ec)] });
    expect(config(valueRef('Secret', 'jwt', 'pem')).keys).toEqual({ kind: 'fixed', keys: [jwkOf(rsa)] });
  });

  test('what is no public member of a key is left out', () => {
    const key = jwkOf(ec, { kid: 'a', x5c: ['…'], note: 'ours' });
    expect(config(inline(JSON.stringify(key))).keys).toEqual({ kind: 'fixed', keys: [jwkOf(ec, { kid: 'a' })] });
  });

  test('discovery, a CA and times', () => {
    const discovery = { caCertificateRef: { name: 'ca' }, cacheDuration: '10s', maxStale: '0s' };
    expect(config({ issuer: 'https://issuer.test', discovery, clockSkew: '5m' })).toMatchObject({
      rules: { clockSkew: 300_000 },
      keys: {
        feed: {
          source: { kind: 'discovery', issuer: 'https://issuer.test' },
          authority: 'PEM',
          cacheDuration: 10_000,
          maxStale: 0,
        },
      },
    });
  });

  test('a backend that serves the keys', () => {
    const remoteJWKS = { backendRef: { kind: 'Service', name: 'keycloak', port: 8080 }, path: '/certs' };
    expect(config({ remoteJWKS }).keys).toEqual({
      kind: 'feed',
      feed: {
        source: {
          kind: 'cluster',
          cluster: 'Service/shop/keycloak:8080',
          authority: 'keycloak.shop:8080',
          path: '/certs',
        },
        authority: null,
        cacheDuration: 300_000,
        maxStale: 43_200_000,
      },
    });
  });

  test('places', () => {
    const extractFrom = {
      headers: [{ name: 'X-Token' }, { name: 'Authorization', valuePrefix: 'Bearer ' }],
      cookies: ['s'],
      params: ['t'],
      webSocketProtocol: { valuePrefix: 'bearer.' },
    };
    expect(config({ ...remote, extractFrom }).locations).toEqual({
      headers: [
        { name: 'x-token', prefix: '' },
        { name: 'authorization', prefix: 'bearer ' },
      ],
      cookies: ['s'],
      params: ['t'],
      webSocketPrefix: 'bearer.',
    });
  });
});

describe('mistakes', () => {
  const headers = (...names: string[]) => ({
    ...remote,
    claimToHeaders: names.map((name) => ({ header: name, claim: 'sub' })),
  });
  const secret = { sharedSecret: { name: 'jwt', key: 'long' } };
  const rsa1024 = pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }));
  const privatePem = rsa.privateKey.export({ format: 'pem', type: 'pkcs8' });
  const privateJwk = JSON.stringify(rsa.privateKey.export({ format: 'jwk' }));

  test.each<[string, object, string, string]>([
    ['no keys', {}, '', 'remoteJWKS'],
    ['two key sets', { ...remote, ...inline(pemOf(rsa)) }, '', 'exclude each other'],
    ['http', { remoteJWKS: { uri: 'http://issuer.test/jwks' } }, '.remoteJWKS.uri', 'https'],
    ['a user in the address', { remoteJWKS: { uri: 'https://a:b@issuer.test/' } }, '.remoteJWKS.uri', 'https'],
    [
      'uri and backendRef',
      { remoteJWKS: { uri, backendRef: { kind: 'Service', name: 'keycloak', port: 1 } } },
      '.remoteJWKS',
      'exactly one',
    ],
    ['neither', { remoteJWKS: {} }, '.remoteJWKS', 'exactly one'],
    ['path with uri', { remoteJWKS: { uri, path: '/a' } }, '.remoteJWKS.path', 'into uri'],
    [
      'no path',
      { remoteJWKS: { backendRef: { kind: 'Service', name: 'keycloak', port: 1 } } },
      '.remoteJWKS.path',
      'missing',
    ],
    [
      'a CA for a backend',
      {
        remoteJWKS: {
          backendRef: { kind: 'Service', name: 'keycloak', port: 1 },
          path: '/a',
          caCertificateRef: { name: 'ca' },
        },
      },
      '.remoteJWKS.caCertificateRef',
      'BackendTLSPolicy',
    ],
    [
      'an unknown Service',
      { remoteJWKS: { backendRef: { kind: 'Service', name: 'x', port: 1 }, path: '/a' } },
      '.remoteJWKS.backendRef',
      'not found',
    ],
    [
      'an unknown CA',
      { remoteJWKS: { uri, caCertificateRef: { name: 'x' } } },
      '.remoteJWKS.caCertificateRef',
      'not found',
    ],
    ['a short cache', { remoteJWKS: { uri, cacheDuration: '9s' } }, '.remoteJWKS.cacheDuration', '10s'],
    ['a long cache', { remoteJWKS: { uri, cacheDuration: '25h' } }, '.remoteJWKS.cacheDuration', '24h'],
    ['keys that are used too long', { remoteJWKS: { uri, maxStale: '169h' } }, '.remoteJWKS.maxStale', '168h'],
    ['discovery without an issuer', { discovery: {} }, '.issuer', 'https'],
    ['discovery at http', { issuer: 'http://a.test', discovery: {} }, '.issuer', 'https'],
    ['inline without text', { localJWKS: { type: 'Inline' } }, '.localJWKS.inline', 'missing'],
    [
      'a reference with type Inline',
      { localJWKS: { type: 'Inline', inline: 'x', valueRef: { name: 'a', key: 'b' } } },
      '.localJWKS.valueRef',
      'remove',
    ],
    [
      'an unknown ConfigMap',
      { localJWKS: { type: 'ValueRef', valueRef: { name: 'a', key: 'b' } } },
      '.localJWKS.valueRef',
      'not found',
    ],
    ['no key in it', inline('keys'), '.localJWKS.inline', 'holds no key'],
    ['an empty set', inline('{"keys":[]}'), '.localJWKS.inline', 'holds no key'],
    ['broken JSON', inline('{"keys":'), '.localJWKS.inline', 'YAML'],
    ['65 keys', inline(JSON.stringify({ keys: Array<object>(65).fill(jwkOf(ec)) })), '.localJWKS.inline', 'at most 64'],
    ['a small RSA key', inline(rsa1024), '.localJWKS.inline', '1024 bits'],
    ['an exponent of 1', inline(JSON.stringify(jwkOf(rsa, { e: 'AQ' }))), '.localJWKS.inline', 'exponent'],
    ['an even exponent', inline(JSON.stringify(jwkOf(rsa, { e: 'AQAC' }))), '.localJWKS.inline', 'exponent'],
    ['a private key in PEM', inline(privatePem), '.localJWKS.inline', 'private'],
    ['a private JWK', inline(privateJwk), '.localJWKS.inline', 'private'],
    ['a symmetric JWK', inline('{"kty":"oct","k":"eA"}'), '.localJWKS.inline', 'sharedSecret'],
    ['a broken PEM', inline(pemOf(rsa).replace('MIIB', 'AAAA')), '.localJWKS.inline', 'PEM block 1'],
    ['HS256 beside public keys alone', { ...remote, algorithms: ['RS256', 'HS256'] }, '.algorithms', 'sharedSecret'],
    ['a secret that is never used', { ...remote, ...secret, algorithms: ['RS256'] }, '.algorithms', 'HS256'],
    ['RS256 with a secret alone', { ...secret, algorithms: ['RS256', 'HS256'] }, '.algorithms', 'public keys'],
    ['a key set that is never used', { ...remote, ...secret, algorithms: ['HS256'] }, '.algorithms', 'never used'],
    ['no algorithm', { ...remote, algorithms: [] }, '.algorithms', 'allows nothing'],
    ['an unknown Secret', { sharedSecret: { name: 'a', key: 'b' } }, '.sharedSecret', 'not found'],
    ['a short secret', { sharedSecret: { name: 'jwt', key: 'short' } }, '.sharedSecret', '32 are needed'],
    ['a secret too short for HS384', { ...secret, algorithms: ['HS256', 'HS384'] }, '.sharedSecret', '48 are needed'],
    ['much skew', { ...remote, clockSkew: '301s' }, '.clockSkew', 'at most 5m'],
    ['no place', { ...remote, extractFrom: {} }, '.extractFrom', 'no place'],
    ['Host as an identity', headers('X-A', 'Host'), '.claimToHeaders[1].header', 'X-User'],
    ['the place of the token', headers('Authorization'), '.claimToHeaders[0].header', 'credential'],
    ['one header twice', headers('X-A', 'x_a'), '.claimToHeaders[1].header', 'twice'],
  ])('%s', (_, spec, path, message) => {
    const problems = translated({ methods: [jwt(spec)] }, context);
    expect(problems).toEqual([
      expect.objectContaining({ path: `spec.methods[0].jwt${path}`, message: expect.stringContaining(message) }),
    ]);
  });

  test('all of them at once, in every method', () => {
    const broken = { clockSkew: '1h', algorithms: ['HS256'], remoteJWKS: { uri: 'http://a.test', maxStale: '999h' } };
    const problems = translated({ methods: [jwt(broken), jwt({}, 'other')] }, context);
    expect(isProblems(problems) && problems.map(({ path }) => path)).toEqual([
      'spec.methods[0].jwt.remoteJWKS.uri',
      'spec.methods[0].jwt.remoteJWKS.maxStale',
      'spec.methods[0].jwt.clockSkew',
      'spec.methods[0].jwt.algorithms',
      'spec.methods[1].jwt',
    ]);
  });

  test('`none` cannot even be written', () => {
    const spec = (algorithm: string) =>
      Value.Default(authenticationSchema, { methods: [jwt({ ...remote, algorithms: [algorithm] })] });
    expect(Value.Check(authenticationSchema, spec('ES512'))).toBe(true);
    expect(Value.Check(authenticationSchema, spec('none'))).toBe(false);
  });
});

test('spellings of a header are those that backends read as one', () => {
  expect(spellings('X-User')).toEqual(['x-user', 'x_user']);
  expect(spellings('X_a-B').toSorted()).toEqual(['x-a-b', 'x-a_b', 'x_a-b', 'x_a_b']);
  expect(spellings('x-1-2-3-4-5-6')).toEqual(['x-1-2-3-4-5-6', 'x_1_2_3_4_5_6', 'x-1-2-3-4-5-6']);
});

function config(spec: object): JwtConfig {
  return configOf({ methods: [jwt(spec)] }, context).methods[0]!.config as JwtConfig;
}
