import { describe, expect, test } from '@jest/globals';
import { validateObject } from '../../api/validate.ts';
import { isProblems } from '../translated.ts';
import { configOf, translated, type Written } from './methods.testing.ts';

const backendRef = { name: 'auth', port: 4180 };
const http = { path: '/auth' };
const base = { protocol: 'HTTP', backendRef, http };
const service = (externalAuth: object, name = 'sso') => ({ name, type: 'ExternalAuth', externalAuth });
const configured = (externalAuth: object) => configOf({ methods: [service(externalAuth)] }, { services: ['auth'] });

test('HTTP by default', () => {
  expect(configured(base).methods).toEqual([
    {
      name: 'sso',
      type: 'ExternalAuth',
      config: {
        check: {
          cluster: 'Service/shop/auth:4180',
          service: {
            protocol: 'HTTP',
            authority: 'auth.shop:4180',
            method: 'GET',
            path: { type: 'Fixed', value: '/auth' },
            contract: 'nginx',
            requestHeaders: null,
            responseHeaders: [],
            passes: 'Any2xx',
            refusals: 'None',
          },
          maxBody: 0,
          timeout: 5000,
          statusOnError: 503,
          cache: null,
        },
        signin: null,
        identity: { subject: '', tenant: '', scopes: '', roles: '' },
      },
    },
  ]);
});

test('GRPC by default, and with all that it takes', () => {
  expect(configured({ protocol: 'GRPC', backendRef }).methods[0]?.config).toMatchObject({
    check: { service: { protocol: 'GRPC', requestHeaders: null, contextExtensions: {} } },
  });
  const grpc = { allowedHeaders: ['X-A'], contextExtensions: { tier: 'gold' } };
  const identity = { subject: 'User.Name' };
  const forwardBody = { maxSize: '8Ki' };
  expect(
    configured({ protocol: 'GRPC', backendRef, grpc, identity, forwardBody, timeout: '250ms' }).methods[0]?.config,
  ).toMatchObject({
    check: {
      service: { requestHeaders: ['x-a'], contextExtensions: { tier: 'gold' } },
      maxBody: 8192,
      timeout: 250,
    },
    // Metadata has names with case.
    identity: { subject: 'User.Name' },
  });
});

test('a cache', () => {
  const cache = { headers: ['X-Session'], cookies: ['Sid'], ttl: '1m' };
  expect(configured({ ...base, cache }).methods[0]?.config).toMatchObject({
    check: { cache: { headers: ['x-session'], cookies: ['Sid'], scope: 'Request', ttl: 60_000, maxEntries: 10_000 } },
  });
});

describe('refuses', () => {
  const cache = { cookies: ['sid'], ttl: '1m' };
  test.each<[string, object, string]>([
    ['HTTP without http', { protocol: 'HTTP', backendRef }, 'http'],
    ['GRPC with http', { protocol: 'GRPC', backendRef, http }, 'http'],
    ['HTTP with grpc', { ...base, grpc: {} }, 'grpc'],
    ['a service that is not there', { ...base, backendRef: { name: 'gone', port: 80 } }, ''],
    ['a timeout of nothing', { ...base, timeout: '0s' }, 'timeout'],
    ['a timeout of a day', { ...base, timeout: '24h' }, 'timeout'],
    ['a body of any length', { ...base, forwardBody: { maxSize: '1Gi' } }, 'forwardBody.maxSize'],
    ['no body at all', { ...base, forwardBody: { maxSize: '0' } }, 'forwardBody.maxSize'],
    ['a body with GET', { ...base, http: { ...http, method: 'GET' }, forwardBody: { maxSize: '1Ki' } }, 'http.method'],
    ['a cache of what depends on a body', { ...base, cache, forwardBody: { maxSize: '1Ki' } }, 'cache'],
    ['a cache by nothing', { ...base, cache: { ttl: '1m' } }, 'cache'],
    ['a cache for ever', { ...base, cache: { ...cache, ttl: '24h' } }, 'cache.ttl'],
    [
      'a header of the connection',
      { ...base, http: { ...http, allowedResponseHeaders: ['Host'] } },
      'http.allowedResponseHeaders[0]',
    ],
    [
      'what the gateway says',
      { ...base, http: { ...http, allowedResponseHeaders: ['X-Forwarded-For'] } },
      'http.allowedResponseHeaders[0]',
    ],
    [
      'a header in two spellings',
      { ...base, http: { ...http, allowedResponseHeaders: ['X-User', 'x_user'] } },
      'http.allowedResponseHeaders[1]',
    ],
    [
      'a sign-in at another host by two slashes',
      { ...base, http: { ...http, signinURL: '//evil.test/' } },
      'http.signinURL',
    ],
    ['the same by a backslash', { ...base, http: { ...http, signinURL: '/\\evil.test/' } }, 'http.signinURL'],
    ['a sign-in with a password', { ...base, http: { ...http, signinURL: 'https://a:b@c.test/' } }, 'http.signinURL'],
    ['a parameter for nothing', { ...base, http: { ...http, signinRedirectParam: 'rd' } }, 'http.signinRedirectParam'],
  ])('%s', (_, spec, path) => {
    const result = translated({ methods: [service(spec)] }, { services: ['auth'] });
    const at = path === '' ? 'spec.methods[0].externalAuth.backendRef' : `spec.methods[0].externalAuth.${path}`;
    expect(isProblems(result) && result.map((problem) => problem.path)).toEqual([at]);
  });

  const jwt = { name: 'corp', type: 'JWT', jwt: { remoteJWKS: { uri: 'https://login.test/keys' } } };
  test.each<[string, Written, string | null]>([
    ['a method behind it', { methods: [service(base), jwt] }, 'spec.methods[1]'],
    ['a second one behind it', { methods: [service(base), service(base, 'b')] }, 'spec.methods[1]'],
    ['allowAnonymous', { methods: [service(base)], allowAnonymous: true }, 'spec.allowAnonymous'],
    ['not one that is the last', { methods: [jwt, service(base)] }, null],
    ['not what All ask', { require: 'All', methods: [service(base), jwt] }, null],
  ])('%s', (_, written, path) => {
    const result = translated(written, { services: ['auth'] });
    expect(isProblems(result) ? result.map((problem) => problem.path) : null).toEqual(path === null ? null : [path]);
  });
});

test.each<[string, object, boolean]>([
  ['what is right', base, true],
  ['a status that says nothing failed', { ...base, statusOnError: 200 }, false],
  ['a path that is none', { ...base, http: { path: 'auth' } }, false],
  ['a sign-in that is no address', { ...base, http: { ...http, signinURL: 'javascript:alert(1)' } }, false],
])('the schema knows %s', (_, spec, valid) => {
  const [apiVersion, kind] = ['gateway.suuupra.io/v1alpha1', 'GatewayPolicy'];
  const policies = { authentication: { methods: [service(spec)] } };
  const result = validateObject({ apiVersion, kind, metadata: { name: 'p' }, spec: { policies } });
  expect('object' in result).toBe(valid);
});
