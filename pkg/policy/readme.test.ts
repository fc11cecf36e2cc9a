import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import type { ConfigMap, Secret } from '../api/core.ts';
import type { GatewayPolicy } from '../api/gatewaypolicy.ts';
import type { GatewayRoute } from '../api/gatewayroute.ts';
import type { HTTPRoute } from '../api/httproute.ts';
import type { KubeObject } from '../api/object.ts';
import type { Policies } from '../api/policies.ts';
import { validateObject } from '../api/validate.ts';
import { testPolicyContext } from '../testkit/policy-context.ts';
import { policyKeys } from './order.ts';
import { isSettingKey } from './settings.ts';
import { isProblems } from './translated.ts';
import { type FilterContext, translateFilters, translatePolicy } from './translators.ts';

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
  const objects = parseAllDocuments(text).map((document) => {
    const result = validateObject(document.toJS());
    if (!('object' in result)) throw new Error(JSON.stringify(result));
    return result.object;
  });
  const context = contextOf(objects);
  expect(objects.flatMap((object) => kindsOf(object, context)).map((kind) => kind.toLowerCase())).toContain(name);
});

/** Kinds of the filters that an object gives. */
function kindsOf(object: KubeObject, context: FilterContext): readonly string[] {
  switch (object.kind) {
    case 'GatewayPolicy':
      return policiesOf((object as GatewayPolicy).spec.policies, context);
    case 'HTTPRoute':
    case 'GatewayRoute':
      return (object as HTTPRoute | GatewayRoute).spec.rules.flatMap((rule, i) => {
        const lists = [rule.filters ?? [], ...(rule.backendRefs ?? []).map(({ filters }) => filters ?? [])];
        const own = lists.flatMap((filters) => {
          const translated = translateFilters(filters, `spec.rules[${i}].filters`, context);
          if (isProblems(translated)) throw new Error(JSON.stringify(translated));
          return translated.filters.map(({ kind }) => kind);
        });
        return [...own, ...('policies' in rule ? policiesOf(rule.policies ?? {}, context) : [])];
      });
    default:
      return [];
  }
}

function policiesOf(policies: Policies, context: FilterContext): readonly string[] {
  return policyKeys
    .filter((key) => !isSettingKey(key))
    .flatMap((key) => {
      const { mode, ...spec } = policies[key] ?? {};
      if (policies[key] === undefined || (mode === 'Disabled' && Object.keys(spec).length === 0)) return [];
      const translated = translatePolicy(key, spec as never, `spec.policies.${key}`, context);
      if (isProblems(translated)) throw new Error(JSON.stringify(translated));
      return [translated.kind];
    });
}

/** Secrets and ConfigMaps are those of the same example. */
function contextOf(objects: readonly KubeObject[]): FilterContext {
  const values = (kind: 'Secret' | 'ConfigMap'): Readonly<Record<string, string>> =>
    Object.fromEntries(
      objects
        .filter((object) => object.kind === kind)
        .flatMap((object) =>
          Object.entries((object as Secret | ConfigMap).data).map(([key, value]) => [
            `${object.metadata.name}/${key}`,
            kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value,
          ]),
        ),
    );
  return testPolicyContext({ secrets: values('Secret'), configMaps: values('ConfigMap'), objects });
}
