/** No spelling of a path leaves the prefix that a rule allows, however carelessly the backend reads it, under every setting and through a rewrite. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { defaultPathSettings } from '../../pkg/routing/canonical.ts';
import { goldenOptions } from '../../pkg/testkit/golden.ts';
import { translateSettings } from '../../pkg/translate/settings.ts';
import { valuesOf } from './message.ts';
import { endServing } from './neighbours.ts';
import { readingsOf } from './path-readings.ts';
import { talk } from './talk.ts';
import { together } from './together.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

let world: World | null = null;
afterEach(() => world?.stop());

const separators = ['/', '//', '/./', '%2f', '%2F', '\\', '%5c', '%252f', '%255C', '/;x/', '%c0%af'];
const dots = [
  '..',
  '%2e%2e',
  '.%2E',
  '%2e.',
  '%252e%252e',
  '..;',
  '..;x=1',
  '..%3bx',
  '%2e%2e;',
  '..%00',
  '..%0a',
  '..%23',
  '..%3f',
  '%c0%ae%c0%ae',
  '.',
];
const spellings = separators.flatMap((first) =>
  dots.flatMap((middle) => separators.map((last) => `/public${first}${middle}${last}admin`)),
);

const matches = 'matches: [{ path: { type: PathPrefix, value: /public } }],';
const replaced = (value: string): string =>
  `${matches} filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: ${value} } } }],`;

const settings: readonly (readonly [name: string, options: Omit<WorldOptions, 'transport'>, prefix: string])[] = [
  ['escaped slashes separate', { rule: matches }, '/public'],
  ['escaped slashes are data', { rule: matches, dataPlane: '{ path: { escapedSlashes: Data } }' }, '/public'],
  ['escaped slashes are refused', { rule: matches, dataPlane: '{ path: { escapedSlashes: Reject } }' }, '/public'],
  ['parameters are ignored', { rule: matches, dataPlane: '{ path: { parameters: Ignore } }' }, '/public'],
  [
    'the prefix is replaced, parameters are ignored',
    { rule: replaced('/inner'), dataPlane: '{ path: { parameters: Ignore } }' },
    '/inner',
  ],
  [
    'parameters and double escapes are refused',
    { rule: matches, dataPlane: '{ path: { parameters: Reject, doubleEscapes: Reject } }' },
    '/public',
  ],
  ['slashes are kept', { rule: matches, dataPlane: '{ path: { mergeSlashes: false } }' }, '/public'],
  ['the prefix is replaced', { rule: replaced('/inner') }, '/inner'],
  [
    'the prefix is replaced, slashes are data',
    { rule: replaced('/inner'), dataPlane: '{ path: { escapedSlashes: Data } }' },
    '/inner',
  ],
];

describe.each(settings)('%s', (_, options, prefix) => {
  test('no spelling leaves the prefix, in any reading', async () => {
    const started = await startWorld({ transport: 'handle', ...options });
    world = started;
    const statuses = await together(spellings, 16, async (target) => {
      const bytes = `GET ${target} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`;
      const said = await talk({ port: started.port('fast'), address: started.address(), bytes, answers: 1 });
      return said.answers[0]?.status;
    });
    const { requests } = started.recorders.fast;
    const ended = await endServing(started).catch(() => started.stop());
    expect(ended.violations).toEqual([]);
    // 404: honestly another path. Nothing hangs, nothing fails otherwise.
    expect(statuses.filter((status) => status !== 200 && status !== 400 && status !== 404)).toEqual([]);
    expect(requests.length).toBeGreaterThan(0);
    // Behind the prefix also stands what separates for some backends only.
    const inside = new RegExp(`^${prefix}(?:[/;%]|$)`, 'i');
    const left = requests.flatMap(({ message }) => {
      const target = message.startLine.split(' ')[1] ?? '';
      const outside = [...readingsOf(target)].filter((path) => !inside.test(path));
      return outside.length === 0 ? [] : [`${target} may be read as ${outside.join(' and ')}`];
    });
    expect(left).toEqual([]);
    expect(requests.flatMap(({ message }) => valuesOf(message.fields, 'host'))).toContain('a.example');
  }, 30_000);
});

test('what a class without settings gets is what tools assume', () => {
  expect(translateSettings(undefined, goldenOptions).path).toEqual(defaultPathSettings);
});

test('the readings are careless enough', () => {
  for (const target of [
    '/public/..%2fadmin',
    '/public%5c..%5cadmin',
    '/public/..;x/admin',
    '/public/%252e%252e/admin',
    '/public/%c0%ae%c0%ae/admin',
  ])
    expect([target, readingsOf(target).has('/admin')]).toEqual([target, true]);
  expect(readingsOf('/public/a').has('/admin')).toBe(false);
});
