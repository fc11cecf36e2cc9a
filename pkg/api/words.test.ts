/** The small words of the API: durations, sizes, selectors, host names, guesses. */
import { describe, expect, test } from '@jest/globals';
import { parseDuration } from './duration.ts';
import { isCidr, isSubdomain, isWildcard } from './hostname.ts';
import { nearest } from './nearest.ts';
import { renderPath } from './problem.ts';
import { parseSize } from './quantity.ts';
import { type LabelSelector, matchesSelector, selectorMistake } from './selector.ts';

describe('parseDuration', () => {
  test.each([
    ['0s', 0],
    ['10s', 10_000],
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['30m1h', 5_400_000],
    ['1s1s', 2000],
    ['99999h', 359_996_400_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(['', '10', 's', '1.5s', '-1s', '1d', '100000s', '1h1m1s1ms1h', ' 1s', '1s ', '1S', '1us'])(
    '%p is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('parseSize', () => {
  test.each([
    ['0', 0],
    ['1024', 1024],
    ['64Ki', 65_536],
    ['10M', 10_000_000],
    ['1Gi', 1_073_741_824],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', '1.5M', '-1', '1KB', '1 Ki', '10m', '999999999999999Gi'])('%p is none', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

describe('matchesSelector', () => {
  const labels = { team: 'shop', tier: '' };
  const expression = (operator: string, values?: string[], key = 'team'): LabelSelector => ({
    matchExpressions: [{ key, operator, ...(values && { values }) }],
  });

  test.each<[string, LabelSelector | undefined, boolean]>([
    ['an empty selector matches everything', {}, true],
    ['an absent selector matches nothing', undefined, false],
    ['a label that is equal', { matchLabels: { team: 'shop' } }, true],
    ['an empty value is a value', { matchLabels: { tier: '' } }, true],
    ['a label that differs', { matchLabels: { team: 'pay' } }, false],
    ['a label that is not there', { matchLabels: { zone: '' } }, false],
    ['a name of Object.prototype is no label', { matchLabels: { constructor: 'Object' } }, false],
    ['In', expression('In', ['pay', 'shop']), true],
    ['In without the value', expression('In', ['pay']), false],
    ['NotIn', expression('NotIn', ['pay']), true],
    ['NotIn with the value', expression('NotIn', ['shop']), false],
    ['NotIn holds without the label', expression('NotIn', ['a'], 'zone'), true],
    ['Exists', expression('Exists'), true],
    ['DoesNotExist', expression('DoesNotExist'), false],
    ['an unknown operator lets nobody in', expression('in', ['shop']), false],
    ['all requirements must hold', { matchLabels: { team: 'shop' }, ...expression('Exists', [], 'zone') }, false],
  ])('%s', (_name, selector, matches) => {
    expect(matchesSelector(selector, labels)).toBe(matches);
  });

  test.each<[string, LabelSelector, string | undefined]>([
    ['nothing', expression('In', ['a']), undefined],
    ['In without values', expression('In'), 'operator In on label team needs at least one value'],
    ['Exists with values', expression('Exists', ['a']), 'operator Exists on label team takes no values; remove them'],
    [
      'an unknown operator',
      expression('in', ['a']),
      'operator "in" on label team does not exist; use In, NotIn, Exists or DoesNotExist',
    ],
  ])('selectorMistake tells %s', (_name, selector, mistake) => {
    expect(selectorMistake(selector)).toBe(mistake);
  });
});

describe('names', () => {
  test.each<[string, boolean, boolean]>([
    ['a', true, false],
    ['a.example.com', true, false],
    ['*.example.com', false, true],
    ['*', false, false],
    ['*.*.com', false, false],
    ['A.example.com', false, false],
    ['a..b', false, false],
    ['a.', false, false],
    ['-a', false, false],
    ['a-', false, false],
    ['', false, false],
    ['a'.repeat(254), false, false],
  ])('%s', (name, subdomain, wildcard) => {
    expect([isSubdomain(name), isWildcard(name)]).toEqual([subdomain, wildcard]);
  });

  test.each([
    ['10.0.0.0/8', true],
    ['10.0.0.1/8', true],
    ['0.0.0.0/0', true],
    ['fd00::/8', true],
    ['::/128', true],
    ['10.0.0.0/33', false],
    ['10.0.0.0/08', false],
    ['10.0.0.0', false],
    ['10.0.0.0/', false],
    ['::/129', false],
    ['a/8', false],
  ])('isCidr(%s) is %s', (text, expected) => {
    expect(isCidr(text)).toBe(expected);
  });
});

describe('messages', () => {
  test.each([
    [['spec', 'rules', 0, 'name'], 'spec.rules[0].name'],
    [['metadata', 'labels', 'a.b/c'], 'metadata.labels["a.b/c"]'],
    [['data', 'tls.crt'], 'data["tls.crt"]'],
    [[], ''],
  ])('renderPath(%j)', (segments, path) => {
    expect(renderPath(segments)).toBe(path);
  });

  test.each([
    ['backendRef', 'backendRefs'],
    ['hostname', 'hostnames'],
    ['nmae', 'name'],
    ['BACKENDREFS', 'backendRefs'],
    ['policies', undefined],
    ['x'.repeat(10_000), undefined],
  ])('nearest(%p)', (word, guess) => {
    expect(nearest(word, ['name', 'hostnames', 'backendRefs'])).toBe(guess);
  });
});
