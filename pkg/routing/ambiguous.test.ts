import { describe, expect, test } from '@jest/globals';
import type { PathSettings } from '../ir/settings.ts';
import { isAmbiguous } from './ambiguous.ts';
import { canonicalPath, defaultPathSettings } from './canonical.ts';
import { createCompiler } from './compile.ts';
import { irOf, listener, match, prefix, request, route, rule } from './fixture.ts';
import { Misdirected } from './table.ts';

const routes = [
  route(
    'guarded',
    [{ listener: 'http', hostnames: ['a.example'] }],
    [
      rule(0, [match(prefix('/admin')), match(prefix('/staff'))]),
      rule(1, [match({ kind: 'Exact', value: '/admin;print' })]),
      rule(2, [match({ kind: 'RegularExpression', value: '/files/[^;]+;v=[0-9]+' })]),
      rule(3, [match(prefix('/admin'), { method: 'DELETE' })]),
    ],
  ),
  route('open', [{ listener: 'http', hostnames: ['a.example'] }], [rule(0, [match(prefix('/'))])]),
  // What docs/paths.md has for backends that fold case.
  route(
    'folded',
    [{ listener: 'http', hostnames: ['c.example'] }],
    [rule(0, [match({ kind: 'RegularExpression', value: '(?i)/admin(/.*)?' })]), rule(1, [match(prefix('/'))])],
  ),
  route('narrow', [{ listener: 'http', hostnames: ['b.example'] }], [rule(0, [match(prefix('/only;this'))])]),
];
const socket = createCompiler({ filter: () => ({}) })
  .compile(1, irOf({ listeners: { http: listener('') }, routes }))
  .sockets.get('*|80')!;

/** `open 0`: what serves it. */
function served(target: string, settings: Partial<PathSettings> = {}, parts: object = {}): string {
  const path = canonicalPath(target, { ...defaultPathSettings, ...settings });
  if (path === 'path-invalid') return path;
  const asked = request({ path: path.canonical, ...parts });
  const found = socket.match(asked, null);
  if (found === undefined || found === Misdirected) return 'none';
  return isAmbiguous(socket, asked, null, found, path.readings)
    ? 'ambiguous'
    : `${found.rule.route.name} ${found.rule.index}`;
}

describe('a path that can be read in two ways', () => {
  test.each([
    ['/admin', 'guarded 0'],
    ['/admin;x=1', 'ambiguous'],
    ['/admin;x=1/users', 'ambiguous'],
    ['/;x/admin', 'ambiguous'],
    ['/%2561dmin', 'ambiguous'],
    ['/%2561dmin%253Bx', 'ambiguous'],
    // All readings are one rule's.
    ['/admin/users;id=1', 'guarded 0'],
    ['/admin/100%2525', 'guarded 0'],
    ['/products;color=red', 'open 0'],
    ['/100%2525', 'open 0'],
    // Who writes it into a match has seen it.
    ['/admin;print', 'guarded 1'],
    ['/files/report;v=2', 'guarded 2'],
  ])('%s is %s', (target, expected) => {
    expect(served(target)).toBe(expected);
  });

  test('what the request says beside its path is asked, too', () => {
    expect(served('/admin/x;y', {}, { method: 'DELETE' })).toBe('guarded 3');
    expect(served('/admin;y', {}, { method: 'DELETE' })).toBe('ambiguous');
  });

  test.each(['/ADMIN', '/Admin/users', '/admin'])('%s is the guarded rule of a pattern that folds case', (target) => {
    expect(served(target, {}, { host: 'c.example' })).toBe('folded 0');
    expect(served(`${target};x`, {}, { host: 'c.example' })).not.toBe('folded 1');
  });

  test('a reading that no rule serves is another one', () => {
    expect(served('/only;this', {}, { host: 'b.example' })).toBe('narrow 0');
    expect(served('/only', {}, { host: 'b.example' })).toBe('none');
  });

  test.each<[settings: Partial<PathSettings>, expected: string]>([
    [{ parameters: 'Data' }, 'open 0'],
    [{ parameters: 'Ignore' }, 'guarded 0'],
    [{ parameters: 'Reject' }, 'path-invalid'],
  ])('/admin;x=1 with %j is %s', (settings, expected) => {
    expect(served('/admin;x=1', settings)).toBe(expected);
  });
});
