import { describe, expect, test } from '@jest/globals';
import type { HTTPRequestRedirectFilter } from '../../api/httproute.ts';
import { createExchange, type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createRedirect } from './filter.ts';
import { translateRedirect, translateSslRedirect } from './translate.ts';

type Spec = Partial<HTTPRequestRedirectFilter>;

const http80 = { scheme: 'http', listenerPort: 80 } as const;
const http8080 = { scheme: 'http', listenerPort: 8080 } as const;
const https443 = { scheme: 'https', listenerPort: 443 } as const;

describe('Location', () => {
  // Gateway API, HTTPRouteRedirectPortAndScheme.
  test.each<[ExchangeOptions, Spec, string]>([
    [http80, {}, 'http://example.org/'],
    [http80, { port: 80 }, 'http://example.org/'],
    [http80, { port: 8080 }, 'http://example.org:8080/'],
    [http80, { scheme: 'https' }, 'https://example.org/'],
    [http80, { scheme: 'https', port: 443 }, 'https://example.org/'],
    [http80, { scheme: 'https', port: 8443 }, 'https://example.org:8443/'],
    [http8080, {}, 'http://example.org:8080/'],
    [http8080, { port: 80 }, 'http://example.org/'],
    [http8080, { scheme: 'https' }, 'https://example.org/'],
    [https443, {}, 'https://example.org/'],
    [https443, { port: 443 }, 'https://example.org/'],
    [https443, { port: 8443 }, 'https://example.org:8443/'],
    [https443, { scheme: 'http' }, 'http://example.org/'],
    [https443, { scheme: 'http', port: 80 }, 'http://example.org/'],
    [https443, { scheme: 'http', port: 8080 }, 'http://example.org:8080/'],
  ])('on %j, %j gives %s', async (options, spec, location) => {
    expect(await locationOf(spec, options)).toBe(location);
  });

  test.each<[Spec, ExchangeOptions, string]>([
    [{ hostname: 'Other.example' }, { target: '/a?x=1' }, 'http://other.example/a?x=1'],
    [{}, { target: '//evil.test/a' }, 'http://example.org//evil.test/a'],
    [{}, { target: '/a%20b' }, 'http://example.org/a%20b'],
    [full('/new'), { target: '/old/deep?x=1' }, 'http://example.org/new?x=1'],
    [full('/ä b'), {}, 'http://example.org/%C3%A4%20b'],
    [prefix('/new'), { target: '/old/deep?x=1', matchedPrefix: '/old' }, 'http://example.org/new/deep?x=1'],
    [prefix('/'), { target: '/old', matchedPrefix: '/old' }, 'http://example.org/'],
  ])('%j for %j gives %s', async (spec, options, location) => {
    expect(await locationOf(spec, options)).toBe(location);
  });
});

test.each([
  [{ hostname: 'other.example' }, 'http://other.example/a?x=1'],
  // The same site asks for it again.
  [{ hostname: 'Example.org' }, 'http://example.org/a?x=1&token=t'],
  [{}, 'http://example.org/a?x=1&token=t'],
])('with %j a credential that was taken out of the query goes to no other host', async (spec, location) => {
  const { exchange, seen } = createExchange({ target: '/a?x=1&token=t' });
  exchange.request.setForwardQuery('?x=1');
  await filter(spec).onRequest?.(exchange);
  expect(seen().responseHeaders).toEqual([`location: ${location}`]);
});

test('the status is the one that was asked for, and the body is empty', async () => {
  const seen = await run(filter({ statusCode: 308 }));
  expect(seen).toMatchObject({ status: 308, local: { body: '' } });
});

test('a request without any host gets no Location that names another site', async () => {
  const seen = await run(filter({}), { host: '' });
  expect(seen).toMatchObject({ status: 400, responseHeaders: ['content-type: text/plain'] });
});

describe('an sslRedirect', () => {
  const ssl = createRedirect(translateSslRedirect());

  test('is permanent and keeps path and query', async () => {
    const seen = await run(ssl, { listenerPort: 8080, target: '/a?b' });
    expect(seen).toMatchObject({ status: 308, responseHeaders: ['location: https://example.org/a?b'] });
  });

  test.each([
    ['/.well-known/acme-challenge/token', false],
    ['/.well-known/acme-challenge', true],
    ['/.well-known/other', true],
  ])('redirects %s: %s', async (target, redirected) => {
    expect((await run(ssl, { target })).local !== undefined).toBe(redirected);
  });
});

test.each<[Spec, string]>([
  [full('new'), 'path.replaceFullPath'],
  [full('/a?b=c'), 'path.replaceFullPath'],
  [prefix('/a/../b'), 'path.replacePrefixMatch'],
  [prefix('/a/%2e%2E/b'), 'path.replacePrefixMatch'],
  [full('/a\\b'), 'path.replaceFullPath'],
  [full('/a%0d%0ab'), 'path.replaceFullPath'],
])('%j is refused', (spec, path) => {
  expect(translateRedirect({ statusCode: 302, ...spec }, 'r')).toEqual([
    expect.objectContaining({ path: `r.${path}`, reason: 'UnsupportedValue' }),
  ]);
});

function full(replaceFullPath: string): Spec {
  return { path: { type: 'ReplaceFullPath', replaceFullPath } };
}

function prefix(replacePrefixMatch: string): Spec {
  return { path: { type: 'ReplacePrefixMatch', replacePrefixMatch } };
}

function filter(spec: Spec) {
  const config = translateRedirect({ statusCode: 302, ...spec }, 'spec');
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  return createRedirect(config);
}

async function locationOf(spec: Spec, options: ExchangeOptions): Promise<string | undefined> {
  const { responseHeaders } = await run(filter(spec), options);
  return responseHeaders.find((line) => line.startsWith('location: '))?.slice('location: '.length);
}
