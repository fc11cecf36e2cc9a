/** Both halves of the filter; over real sockets in `pkg/extauth`. */
import { describe, expect, test } from '@jest/globals';
import type { HTTPExternalAuthFilter } from '../../api/httproute.ts';
import { run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import type { Call } from '../runtime.ts';
import { isProblems } from '../translated.ts';
import { createExternalAuth } from './filter.ts';
import { translateExternalAuth } from './translate.ts';

const backendRef = { group: '', kind: 'Service', name: 'authz', port: 8080 };

function translated(changes: Partial<HTTPExternalAuthFilter> = {}) {
  const spec = { protocol: 'HTTP' as const, backendRef, ...changes };
  return translateExternalAuth(spec, 'f.externalAuth', testPolicyContext({ services: ['authz'] }));
}

test('HTTP as GEP-1494 has it', () => {
  expect(translated({ http: {} })).toEqual({
    cluster: 'Service/shop/authz:8080',
    service: {
      protocol: 'HTTP',
      authority: 'authz.shop:8080',
      method: 'Original',
      path: { type: 'Prefix', value: '' },
      contract: 'none',
      requestHeaders: [],
      responseHeaders: null,
      passes: 'Only200',
      refusals: 'Any4xx',
    },
    maxBody: 0,
    timeout: 5000,
    statusOnError: 503,
    cache: null,
  });
});

test.each([
  [{}, null],
  [{ allowedHeaders: ['X-A'] }, ['x-a']],
])('GRPC with %j', (grpc, requestHeaders) => {
  expect(translated({ protocol: 'GRPC', grpc, forwardBody: { maxSize: 9 } })).toMatchObject({
    service: { protocol: 'GRPC', requestHeaders, contextExtensions: {} },
    maxBody: 9,
  });
});

describe('the prefix', () => {
  test.each([
    ['/', ''],
    ['/auth', '/auth'],
    ['/auth/', '/auth'],
    ['/a%20b;c=d', '/a%20b;c=d'],
  ])('%s is taken', (path, value) => {
    expect(translated({ http: { path } })).toMatchObject({ service: { path: { type: 'Prefix', value } } });
  });

  test.each([
    'auth',
    '//evil.test',
    '/..',
    '/a/../b',
    '/a//b',
    '/a/.',
    '/a%2fb',
    '/a%2E%2e/b',
    '/a\\b',
    '/a?b',
    '/a#b',
    '/a b',
  ])('%s is no clean path', (path) => {
    const result = translated({ http: { path } });
    expect(isProblems(result) && result.map((problem) => problem.path)).toEqual(['f.externalAuth.http.path']);
  });
});

test.each<[string, Partial<HTTPExternalAuthFilter>, string]>([
  ['a service that is not there', { backendRef: { ...backendRef, name: 'gone' } }, 'backendRef'],
  ['a body beyond what is held', { forwardBody: { maxSize: 1_048_577 } }, 'forwardBody.maxSize'],
  [
    'a header that frames messages',
    { http: { allowedResponseHeaders: ['x-a', 'Content-Length'] } },
    'http.allowedResponseHeaders[1]',
  ],
])('refuses %s', (_, changes, path) => {
  const result = translated(changes);
  expect(isProblems(result) && result.map((problem) => problem.path)).toEqual([`f.externalAuth.${path}`]);
});

test('what clients send under the names of the service is gone before it is asked, in every spelling', async () => {
  const config = translated({ http: { allowedHeaders: ['x-user'], allowedResponseHeaders: ['X-User'] } });
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  const calls: Call[] = [];
  const filter = createExternalAuth(
    config,
    testFilterEnv({
      call(call) {
        calls.push(call);
        return { status: 200, headers: new Map(), body: new Uint8Array() };
      },
    }),
  );
  const seen = await run(filter, { headers: { 'x-user': 'root', X_User: 'root', 'x-a': '1' } });
  expect(calls[0]?.headers).toEqual({});
  expect(seen.requestHeaders).toEqual(['x-a: 1']);
});
