import { describe, expect, test } from '@jest/globals';
import type { GatewayRouteURLRewrite } from '../../api/gatewayroute.ts';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createRewrite } from './filter.ts';
import { translateRewrite } from './translate.ts';

describe('ReplacePrefixMatch', () => {
  // The table in Gateway API's HTTPPathModifier.replacePrefixMatch; prefixes come without their trailing slash.
  test.each([
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    ['/', '/', '/xyz', '/xyz/'],
    ['/bar', '/', '/xyz', '/xyz/bar'],
    ['/bar', '/', '/', '/bar'],
  ])('%s behind %s replaced by %j is %s', async (target, matchedPrefix, value, expected) => {
    expect((await rewrite(prefix(value), { target, matchedPrefix })).forwardPath).toBe(expected);
  });

  test.each([
    ['/f%6Fo/b%20r', '/foo', '/x/b%20r'],
    ['/a%20b/c', '/a b', '/x/c'],
    ['/%C3%A4/c', '/ä', '/x/c'],
    ['/a//b/c', '/a/b', '/x/c'],
    ['//a/c', '/a', '/x/c'],
    ['/a%2Fb/c', '/a/b', '/x/c'],
    ['/a/b%2fc', '/a/b', '/x/c'],
    ['/a%2F/b/c', '/a/b', '/x/c'],
    ['/a%2F%2Fb/c', '/a/b', '/x/c'],
    ['/a/%2Fb', '/a', '/x/%2Fb'],
    ['/a%2fb/c', '/a%2Fb', '/x/c'],
    ['/a%2fb/c', '/a/b', '/x/c'],
    ['/a%25/c', '/a%', '/x/c'],
    ['/a%25b/c', '/a%b', '/x/c'],
    ['/a%2525b/c', '/a%25b', '/x/c'],
    // Where routing ignores parameters.
    ['/a;v=1/b;w', '/a', '/x/b;w'],
    ['/a;v=1', '/a', '/x'],
    ['/a;/b;w%2fz/c', '/a/b', '/x/c'],
    ['/;x/a/c', '/a', '/x/c'],
    ['/%C3%A4;x/c', '/ä', '/x/c'],
    ['/a;x/c', '/a;x', '/x/c'],
  ])('the escaped path %s starts with the decoded prefix %j', async (target, matchedPrefix, expected) => {
    expect((await rewrite(prefix('/x'), { target, matchedPrefix })).forwardPath).toBe(expected);
  });

  test('changes nothing where the match was no prefix', async () => {
    expect((await rewrite(prefix('/x'), { target: '/a' })).forwardPath).toBe('/a');
  });
});

test('ReplaceFullPath drops the whole path and leaves the query alone', async () => {
  const seen = await rewrite(
    { path: { type: 'ReplaceFullPath', replaceFullPath: '/one' } },
    { target: '/a/b?c=d', matchedPrefix: '/a' },
  );
  expect(seen).toMatchObject({ forwardPath: '/one', forwardHost: 'example.org', local: undefined });
});

test('the hostname is what the backend receives as Host', async () => {
  expect((await rewrite({ hostname: 'One.Example' })).forwardHost).toBe('one.example');
});

describe('ReplaceRegularExpression', () => {
  test.each([
    ['^/v(\\d+)/', '/$1/', '/v2/orders', '/2/orders'],
    ['^/service/([^/]+)(/.*)$', '$2/instance/$1', '/service/foo/v1/api', '/v1/api/instance/foo'],
    ['o', '0', '/foo/boo', '/f00/b00'],
    ['^/a', '', '/abc', '/bc'],
    ['x', 'y', '/a%20b', '/a%20b'],
    ['a b', 'c d', '/a%20b', '/c%20d'],
    ['^/(a)|(b)', '/$2', '/a', '/'],
    ['^/price', '/$$1', '/price', '/$1'],
    ['^(/.*)$', '/all$0', '/a', '/all/a'],
  ])('%s → %j turns %s into %s', async (pattern, substitution, target, expected) => {
    const seen = await rewrite(regex(pattern, substitution), { target, path: decodeURIComponent(target) });
    expect(seen.forwardPath).toBe(expected);
  });

  test('a result beyond every limit is refused, not forwarded', async () => {
    const seen = await rewrite(regex('', 'x'.repeat(1_000)), { target: `/${'a'.repeat(100)}` });
    expect(seen).toMatchObject({ status: 500, forwardPath: `/${'a'.repeat(100)}` });
  });

  test('a pattern that explodes backtracking engines takes linear time', async () => {
    const seen = await rewrite(regex('(a+)+$', 'b'), { target: `/${'a'.repeat(5_000)}!` });
    expect(seen.forwardPath).toBe(`/${'a'.repeat(5_000)}!`);
  });

  test.each([
    ['(', '/', 'pattern'],
    ['(?=a)', '/', 'pattern'],
    ['(a)\\1', '/', 'pattern'],
    ['((a{100}){100}){100}', '/', 'pattern'],
    ['^/(a)', '/$2', 'substitution'],
    ['^/(a)', '/$1?x=1', 'substitution'],
    ['^/(a)', '/../$1', 'substitution'],
    ['^/(a)', '/%2e/$1', 'substitution'],
  ])('%s with %s is refused', (pattern, substitution, field) => {
    expect(translateRewrite(regex(pattern, substitution), 'r')).toEqual([
      expect.objectContaining({ path: `r.path.replaceRegularExpression.${field}`, reason: 'UnsupportedValue' }),
    ]);
  });
});

function prefix(replacePrefixMatch: string): GatewayRouteURLRewrite {
  return { path: { type: 'ReplacePrefixMatch', replacePrefixMatch } };
}

function regex(pattern: string, substitution: string): GatewayRouteURLRewrite {
  return { path: { type: 'ReplaceRegularExpression', replaceRegularExpression: { pattern, substitution } } };
}

function rewrite(spec: GatewayRouteURLRewrite, options: ExchangeOptions = {}): Promise<Seen> {
  const config = translateRewrite(spec, 'spec');
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  return run(createRewrite(config), options);
}
