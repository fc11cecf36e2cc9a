import { expect, test } from '@jest/globals';
import { run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { createTransform } from './filter.ts';
import { translateTransform } from './translate.ts';
import { weightOf } from './weight.ts';

async function transformed(body: string, maxSize: string, ...expressions: string[]): Promise<Record<string, unknown>> {
  const set = expressions.map((expression, i) => ({ path: `/new${i}`, expression }));
  const config = translateTransform({ request: { body: { maxSize, set } } }, 'spec', testPolicyContext());
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  const headers = { 'content-type': 'application/json' };
  const seen = await run(createTransform(config, testFilterEnv()), { method: 'POST', headers, body });
  return JSON.parse(String(seen.requestBody)) as Record<string, unknown>;
}

const list = `[${Array.from({ length: 88 }, (_, i) => i % 10).join()}]`;
const bomb = `${list}.map(a, ${list}.map(b, body))`;

test('a body that an expression multiplies thousands of times is no value', async () => {
  const body = JSON.stringify({ text: 'x'.repeat(1_000), new0: 'spoofed' });
  // 7.7 MB of it.
  expect(await transformed(body, '64Ki', bomb, '"after"')).toEqual({ text: 'x'.repeat(1_000) });
  const made = await transformed(body, '4Mi', bomb);
  expect(Object.keys(made)).toEqual(['text', 'new0']);
});

test('copies of the longest body still are', async () => {
  const digits = `[${'1,'.repeat(30)}1]`;
  expect(await transformed(`{"a":${digits}}`, '80', 'body.a')).toEqual({
    a: JSON.parse(digits),
    new0: JSON.parse(digits),
  });
  expect(await transformed('{"a":"text"}', '16', 'body', 'body')).toMatchObject({ new1: { a: 'text' } });
});

test('what is heavier than the limit is not weighed to its end', () => {
  const endless = Array.from({ length: 1_000 }, () => 'x'.repeat(100));
  expect(weightOf(endless, 1_000)).toBeLessThan(1_200);
  expect(weightOf({ a: [1, null, 'b'] }, 100)).toBe(4 + 5 + 4 + 4 + 4 + 5);
});
