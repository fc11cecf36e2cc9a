import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { GatewayRoute } from '../api/gatewayroute.ts';
import type { HTTPRoute } from '../api/httproute.ts';
import { validateObject } from '../api/validate.ts';
import { testPolicyContext } from '../testkit/policy-context.ts';
import { isProblems } from './translated.ts';
import { translateFilters } from './translators.ts';

const here = new URL('./', import.meta.url);
const folders = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());

const blocks = folders.flatMap(({ name }) =>
  [...readFileSync(new URL(`${name}/README.md`, here), 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(
    (match, i) => [name, i, match[1] ?? ''] as const,
  ),
);

test('every policy explains itself by an example', () => {
  expect([...new Set(blocks.map(([name]) => name))]).toEqual(folders.map(({ name }) => name));
});

test.each(blocks)('the example in the README of %s, block %i, can be applied as it stands', (name, _, text) => {
  const result = validateObject(parse(text));
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  const route = result.object as HTTPRoute | GatewayRoute;

  const kinds = route.spec.rules.flatMap((rule, i) => {
    const lists = [rule.filters ?? [], ...(rule.backendRefs ?? []).map(({ filters }) => filters ?? [])];
    return lists.flatMap((filters) => {
      const translated = translateFilters(
        filters,
        `spec.rules[${i}].filters`,
        testPolicyContext({ configMaps: { 'robots/robots.txt': 'body' } }),
      );
      if (isProblems(translated)) throw new Error(JSON.stringify(translated));
      return translated.filters.map(({ kind }) => kind.toLowerCase());
    });
  });
  expect(kinds).toContain(name);
});
