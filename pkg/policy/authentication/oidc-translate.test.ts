import { describe, expect, test } from '@jest/globals';
import { configOf, translated } from './methods.testing.ts';
import { oidc } from './oidc.testing.ts';

const context = {
  secrets: { 'oidc/secret': 's', 'oidc/new': 'n'.repeat(32), 'oidc/old': 'o'.repeat(32), 'oidc/short': 'x'.repeat(31) },
  authorities: { ca: 'PEM' },
};
const method = (more: object = {}) => ({ name: 'sso', type: 'OIDC', oidc: { ...oidc, claimToHeaders: [], ...more } });
const ref = (key: string) => ({ name: 'oidc', key });

test('what becomes of the shortest policy; secrets are named, never copied', () => {
  const spec = { issuer: oidc.issuer, clientID: 'app', session: { keys: [ref('new'), ref('old')] } };
  expect(configOf({ methods: [{ name: 'sso', type: 'OIDC', oidc: spec }] }, context).methods[0]!.config).toEqual({
    issuer: 'https://issuer.test',
    authority: null,
    clientId: 'app',
    clientSecret: null,
    algorithms: ['RS256', 'ES256'],
    scope: 'openid',
    parameters: [],
    redirectPath: '/oauth2/callback',
    logoutPath: '/oauth2/logout',
    afterLogoutPath: '/',
    scheme: null,
    session: {
      keys: ['Secret/shop/oidc/new', 'Secret/shop/oidc/old'],
      cookieName: expect.stringMatching(/^session-[0-9a-f]{8}$/),
      lifetime: 43_200_000,
      refresh: true,
      store: 'Cookie',
    },
    forwardAccessToken: false,
    idTokenHeader: '',
    claimToHeaders: [],
    identity: { subject: 'sub', tenant: '', scopes: ['scope', 'scp'], roles: 'roles' },
  });
});

test('clients on one host have cookies of their own', () => {
  const nameOf = (more: object) => {
    const config = configOf({ methods: [method(more)] }, context).methods[0]!.config;
    return 'session' in config ? config.session.cookieName : '';
  };
  expect(nameOf({ clientID: 'b' })).not.toBe(nameOf({}));
  expect(nameOf({ session: { ...oidc.session, cookieName: 'mine' } })).toBe('mine');
});

describe('mistakes', () => {
  const keys = (...names: string[]) => ({ session: { keys: names.map(ref) } });
  test.each<[string, object, string, string]>([
    ['http', { issuer: 'http://a.test' }, '.issuer', 'https'],
    ['an unknown secret', { clientSecret: ref('x') }, '.clientSecret', 'not found'],
    ['an unknown CA', { caCertificateRef: { name: 'x' } }, '.caCertificateRef', 'not found'],
    ['no key', keys(), '.session.keys', '32 random bytes'],
    ['a short key', keys('new', 'short'), '.session.keys[1]', '32 are needed'],
    ['no algorithm', { algorithms: [] }, '.algorithms', 'allows nothing'],
    ['a long session', { session: { ...oidc.session, lifetime: '721h' } }, '.session.lifetime', '720h'],
    ['a short session', { session: { ...oidc.session, lifetime: '59s' } }, '.session.lifetime', '1m'],
    ['a state of its own', { parameters: [{ name: 'state', value: 'x' }] }, '.parameters[0].name', 'remove'],
    ['one path for both', { logoutPath: '/oauth2/callback' }, '.logoutPath', 'another path'],
    ['logout that never ends', { afterLogoutPath: '/oauth2/logout' }, '.afterLogoutPath', 'never end'],
    ['another host', { afterLogoutPath: '//evil.test' }, '.afterLogoutPath', 'plain path'],
    ['dot segments', { redirectPath: '/a/../b' }, '.redirectPath', 'plain path'],
    ['Host as an identity', { idTokenHeader: 'Host' }, '.idTokenHeader', 'X-User'],
    [
      'the place of the access token',
      { forwardAccessToken: true, claimToHeaders: [{ header: 'Authorization', claim: 'sub' }] },
      '.claimToHeaders[0].header',
      'another name',
    ],
  ])('%s', (_, more, path, message) => {
    expect(translated({ methods: [method({ forwardAccessToken: false, ...more })] }, context)).toEqual([
      expect.objectContaining({ path: `spec.methods[0].oidc${path}`, message: expect.stringContaining(message) }),
    ]);
  });

  test('a session that is not the identity of the request', () => {
    const jwt = { name: 'a', type: 'JWT', jwt: { remoteJWKS: { uri: 'https://issuer.test/jwks' } } };
    expect(translated({ require: 'All', methods: [jwt, method()] }, context)).toEqual([
      expect.objectContaining({ path: 'spec.methods[1].type', message: expect.stringContaining('first') }),
    ]);
    expect(translated({ require: 'All', methods: [method(), jwt] }, context)).not.toBeInstanceOf(Array);
    expect(translated({ methods: [jwt, method()] }, context)).not.toBeInstanceOf(Array);
  });
});
