import { describe, expect, test } from '@jest/globals';
import type { PathSettings } from '../ir/settings.ts';
import { canonicalPath, defaultPathSettings, isForwardable, isPlainPath } from './canonical.ts';

const settings: PathSettings = defaultPathSettings;
const invalid = 'path-invalid';

describe('canonicalPath', () => {
  test.each<[path: string, expected: 'path-invalid' | [forward: string, canonical: string]]>([
    // security-and-reliability 2.4: spellings of /admin beside a public /public.
    ['/public/../admin', ['/admin', '/admin']],
    ['/public/%2e%2e/admin', ['/admin', '/admin']],
    ['/public/%2E./admin', ['/admin', '/admin']],
    ['/public/..%2fadmin', invalid],
    ['/public%2f..%2fadmin', invalid],
    ['/public/..;/admin', invalid],
    ['/public/..;x=1/admin', invalid],
    ['/public/.;/..;/admin', invalid],
    ['/public/.;/admin', invalid],
    ['/public/..%3b/admin', invalid],
    ['/public/..%5cadmin', invalid],
    ['/public\\..\\admin', invalid],
    ['//admin', ['//admin', '/admin']],
    ['/./admin', ['/admin', '/admin']],
    ['/%61dmin', ['/admin', '/admin']],
    ['/ADMIN', ['/ADMIN', '/ADMIN']],
    ['/admin%00', invalid],
    ['/admin%0a', invalid],
    ['/admin%0D', invalid],
    ['/admin%2500', invalid],
    ['/admin;x=1', ['/admin;x=1', '/admin;x=1']],
    ['/%2561dmin', ['/%2561dmin', '/%61dmin']],
    ['/adm%C0%AEin', invalid],
    ['/admin/', ['/admin/', '/admin/']],
    ['/admin/.', ['/admin/', '/admin/']],
    ['/admin/..', ['/', '/']],
    ['/admin/x/..', ['/admin/', '/admin/']],
    ['/public/%252e%252e/admin', invalid],
    ['/public/..%252fadmin', invalid],
    ['/public/%252e%252e%252fadmin', invalid],
    ['/public%255c..%255cadmin', invalid],
    // RFC 3986 5.2.4 and the edges.
    ['/', ['/', '/']],
    ['/..', ['/', '/']],
    ['/../../a', ['/a', '/a']],
    ['/a/b/../../c', ['/c', '/c']],
    ['/.', ['/', '/']],
    ['/...', ['/...', '/...']],
    ['/.well-known/x', ['/.well-known/x', '/.well-known/x']],
    ['/a/..b/.c', ['/a/..b/.c', '/a/..b/.c']],
    ['/a//../b', ['/a/b', '/a/b']],
    ['/a//b///c', ['/a//b///c', '/a/b/c']],
    ['/a%2Fb', ['/a%2Fb', '/a/b']],
    ['/a%20b', ['/a%20b', '/a b']],
    ['/%7euser', ['/~user', '/~user']],
    ['/caf%C3%A9', ['/caf%C3%A9', '/café']],
    ['/100%25', ['/100%25', '/100%']],
    ['/100%2525', ['/100%2525', '/100%25']],
    ['/a+b&c=d@e:f', ['/a+b&c=d@e:f', '/a+b&c=d@e:f']],
    ['/%', invalid],
    ['/%z1', invalid],
    ['/a%4', invalid],
    ['/%ff', invalid],
    ['/%u0061', invalid],
    // What a dot segment takes away is judged, too.
    ['/%/..', invalid],
    ['/a/%zz/../b', invalid],
    ['/%00/../a', invalid],
    ['/a%5cb/../c', invalid],
    ['/..;/../a', invalid],
    ['/%ff/..', invalid],
    ['/%C3/../%A9', invalid],
    ['/a%20b/../c', ['/c', '/c']],
  ])('%s', (path, expected) => {
    const result = canonicalPath(path, settings);
    expect(result === invalid ? result : [result.forward, result.canonical]).toEqual(expected);
  });

  test.each<[path: string, other: Partial<PathSettings>, forward: string, canonical: string]>([
    ['/a%2fb', { escapedSlashes: 'Data', mergeSlashes: true }, '/a%2fb', '/a%2Fb'],
    ['/a%2F/b', { escapedSlashes: 'Data', mergeSlashes: true }, '/a%2F/b', '/a%2F/b'],
    ['/a//b', { escapedSlashes: 'Separate', mergeSlashes: false }, '/a//b', '/a//b'],
    ['/a%2f/b', { escapedSlashes: 'Separate', mergeSlashes: false }, '/a%2f/b', '/a//b'],
    ['/a;x=1/b;y', { parameters: 'Ignore' }, '/a;x=1/b;y', '/a/b'],
    ['/a;x%2fy/b%3By', { parameters: 'Ignore' }, '/a;x%2fy/b%3By', '/a/b;y'],
    ['/;x/;y/a', { parameters: 'Ignore' }, '/;x/;y/a', '/a'],
  ])('%s with %j', (path, other, forward, canonical) => {
    expect(canonicalPath(path, { ...settings, ...other })).toMatchObject({ forward, canonical });
  });

  test.each<[path: string, other: Partial<PathSettings>, readings: readonly string[]]>([
    ['/a%20b//c', {}, []],
    ['/admin;x=1', {}, ['/admin']],
    ['/admin%3Bx=1', {}, ['/admin']],
    ['/;x/admin', {}, ['/admin']],
    ['/admin;%2fpublic', {}, ['/admin', '/admin/public']],
    ['/%2561dmin', {}, ['/admin']],
    ['/admin%252fx', {}, ['/admin/x']],
    ['/100%25/%2561dmin', {}, ['/100%/admin']],
    ['/caf%25C3%25A9', {}, ['/café']],
    ['/%2561;x', {}, ['/%61', '/a;x', '/a']],
    ['/a%253Bx', {}, ['/a;x', '/a']],
    ['/admin;x=1', { parameters: 'Data' }, []],
    ['/admin;x=1', { parameters: 'Ignore' }, []],
    ['/admin%3Bx=1', { parameters: 'Ignore' }, ['/admin']],
    ['/%2561;x', { parameters: 'Data' }, ['/a;x']],
    ['/%2561;x', { doubleEscapes: 'Data' }, ['/%61']],
    ['/a%2Fb', { escapedSlashes: 'Data' }, []],
    ['/a%2F%2562', { escapedSlashes: 'Data' }, ['/a%2Fb']],
  ])('%s with %j may be read as %j', (path, other, readings) => {
    const result = canonicalPath(path, { ...settings, ...other });
    expect(new Set(result === invalid ? null : result.readings)).toEqual(new Set(readings));
  });

  test.each<[path: string, other: Partial<PathSettings>]>([
    ['/a;x', { parameters: 'Reject' }],
    ['/a%3bx', { parameters: 'Reject' }],
    ['/a%2562', { doubleEscapes: 'Reject' }],
    ['/a/..;x/b', { parameters: 'Ignore' }],
    ['/a%2Fb', { escapedSlashes: 'Reject', mergeSlashes: true }],
    ['/public/..%2fadmin', { escapedSlashes: 'Data', mergeSlashes: false }],
    ['/public%2f..', { escapedSlashes: 'Data', mergeSlashes: true }],
  ])('%s is refused with %j', (path, other) => {
    expect(canonicalPath(path, { ...settings, ...other })).toBe(invalid);
  });

  test('a plain path is returned as the same string', () => {
    const path = '/api/v1/users/42,x=1/a.b..c';
    expect(isPlainPath(path)).toBe(true);
    expect(canonicalPath(path, settings)).toEqual({ forward: path, canonical: path, readings: [] });
  });

  test('what is forwarded is canonical already: a second pass changes nothing', () => {
    const parts = ['/', '.', '..', 'a', '%2e', '%2F', '%25', '%41', ';', '%5c', '//', 'admin', '%20'];
    let state = 7;
    for (let round = 0; round < 20_000; round++) {
      let path = '/';
      for (let i = 0; i < 7; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        path += parts[(state >>> 8) % parts.length]!;
      }
      const once = canonicalPath(path, settings);
      const twice = once === invalid ? invalid : canonicalPath(once.forward, settings);
      expect([path, twice]).toEqual([path, once]);
      expect([path, once === invalid || isForwardable(once.forward, settings)]).toEqual([path, true]);
    }
  });
});

test.each([
  ['/a/b', true],
  ['/a%20b', true],
  ['/a//b', true],
  ['/%61', true],
  ['/a/../b', false],
  ['/a/%2e%2e/b', false],
  ['/a/..%2fb', false],
  ['/a\\b', false],
  ['/a b', false],
  ['/a?b', false],
  ['/a#b', false],
  ['/ä', false],
  ['/a\r\nX: 1', false],
  ['/%zz', false],
  ['a', false],
  ['', false],
])('a rewrite to %j may be forwarded: %s', (path, expected) => {
  expect(isForwardable(path, settings)).toBe(expected);
});
