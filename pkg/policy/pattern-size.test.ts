import { expect, test } from '@jest/globals';
import { RE2JS } from 're2js';
import { isHugePattern } from './pattern-size.ts';

// None of these may be compiled: some take seconds, the last ones the memory of the process.
test.each<[string, string]>([
  ['a repetition again and again', 'a{1000}'.repeat(30)],
  ['of groups', '(?:ab|[cd]e){1000}'.repeat(10)],
  ['of groups in groups', '((?P<x>a{10}){10}(b{2}){3}){10}'.repeat(30)],
  ['without an end', '(?i:[[:alpha:]\\]]{900,})'.repeat(30)],
  ['up to a number', '\\pL{0,1000}\\p{Greek}{0,1000}'.repeat(20)],
  ['of escapes', '\\x{1F600}{1000}\\x41{1000}\\.{1000}'.repeat(10)],
  ['of quoted text', '\\Qa(b\\E{1000}'.repeat(30)],
  ['of a class that begins with a bracket', '[]a]{1000}[^]a]{1000}'.repeat(20)],
  ['beyond what numbers hold', `${'('.repeat(200)}a${'){1000}'.repeat(200)}`],
  ['in 250 KB', 'a{1000}'.repeat(36_000)],
  ['a long text', 'a'.repeat(20_001)],
])('%s is huge', (_, pattern) => {
  expect(isHugePattern(pattern)).toBe(true);
});

test.each([
  '',
  '^/(?:orders|items)/[0-9]{1,10}$',
  '(?i)^bearer [a-z0-9._-]{20,4000}$'.replace('4000', '1000'),
  '[a-z]{1000}',
  '(a|b)*c+d?{2}',
  '{1000}{1000}',
  'a{,1000}b{x}{',
  '\\{1000}\\\\{2}[{1000}]{3}\\Q{1000}{1000}\\E',
  '(?:a{30}){30}',
  ')){1000}((',
  '(?i)(?-s:a)(?P<name>b){2}',
  '\\',
  '[',
  '[[:alpha:]{1000}]{9}'.repeat(9),
])('%j is not', (pattern) => {
  expect(isHugePattern(pattern)).toBe(false);
});

test('what is let through is compiled to not much more than was estimated', () => {
  for (const pattern of ['a{1000}'.repeat(19), '(?:a?b|c){0,1000}'.repeat(3), '(a{9}){99}'.repeat(20)]) {
    expect(isHugePattern(pattern)).toBe(false);
    expect(RE2JS.compile(pattern).programSize()).toBeLessThan(60_000);
  }
});
