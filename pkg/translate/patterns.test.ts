/** Patterns that would take the control plane seconds and gigabytes are refused before they are compiled, whoever asks. */
import { expect, test } from '@jest/globals';
import type { GatewayRouteRule } from '../api/gatewayroute.ts';
import { explainMistake } from '../expression/expression.ts';
import { translatePath } from '../policy/path-translation.ts';
import { isProblems } from '../policy/translated.ts';
import type { ValidationSpec } from '../policy/validation/schema.ts';
import { translateValidation } from '../policy/validation/translate.ts';
import { testPolicyContext } from '../testkit/policy-context.ts';
import { translateMatches } from './match.ts';

// RE2 would find that it is no pattern, and does so before it writes the repetitions out: who says "too complex" has not asked it.
const pattern = `${'a{1000}'.repeat(30)}(`;

function schema(value: object): readonly string[] {
  const inline = JSON.stringify(value);
  const spec: ValidationSpec = { schema: { type: 'Inline', inline }, allowEmpty: false };
  const result = translateValidation(spec, 'spec', testPolicyContext());
  return isProblems(result) ? result.map(({ message }) => message) : [];
}

const asked: Readonly<Record<string, () => readonly string[]>> = {
  'a match': () => {
    const matches = [{ path: { type: 'RegularExpression', value: pattern } }];
    const rule = { matches } as unknown as GatewayRouteRule;
    return translateMatches(rule, 'rule').problems.map(({ message }) => message);
  },
  'a rewrite': () => {
    const replaceRegularExpression = { pattern, substitution: '/' };
    const result = translatePath({ type: 'ReplaceRegularExpression', replaceRegularExpression }, 'path');
    return isProblems(result) ? result.map(({ message }) => message) : [];
  },
  'an expression': () => [explainMistake(`request.path.matches("${pattern}")`, 'condition')],
  'a schema': () => schema({ pattern }),
  'names in a schema': () => schema({ patternProperties: { [pattern]: {} } }),
};

test.each(Object.keys(asked))('in %s', (place) => {
  expect(asked[place]!()).toEqual([expect.stringContaining('too complex')]);
});

test('a schema of many patterns is refused where they are too many together', () => {
  const properties = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, { pattern: `^[a-z]{500}${i}$` }]));
  expect(schema({ properties: properties(90) })).toEqual([]);
  expect(schema({ properties: properties(110) })).toEqual([expect.stringContaining('too complex together')]);
  const named = Object.fromEntries(Object.keys(properties(110)).map((name) => [`^${name}[a-z]{500}`, true]));
  expect(schema({ patternProperties: named })).toEqual([expect.stringContaining('too complex together')]);
});
