/** The charts are in step with the code: values, schema, roles, CRDs, options and metrics. What needs helm is in e2e/charts. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { KINDS } from '../../pkg/api/kinds.ts';
import { flagOf, options, variableOf } from '../../pkg/config/options.ts';
import { chartFiles } from './files.ts';
import { podRules, readRules, userRules, writeRules } from './rules.ts';
import type { Value, Values } from './value.ts';
import { chartValues } from './values.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const templates = globSync('charts/suuupra-gateway/templates/*', { cwd: root }).map(
  (path) => [path, read(path)] as const,
);
const all = templates.map(([, text]) => text).join('\n');

describe('generated files', () => {
  test.each([...chartFiles()])('%s is up to date (else: make generate)', (path, content) => {
    expect(read(path)).toBe(content);
  });

  test.each(['apikeys', 'backends', 'gatewayclassconfigs', 'gatewayroutes'])(
    'the CRD %s is in the chart as in crds/',
    (plural) => {
      const chart = parse(read(`charts/suuupra-gateway-crds/templates/${plural}.yaml`).split('\n').slice(1).join('\n'));
      const crd = parse(read(`crds/gateway.suuupra.io_${plural}.yaml`));
      const { 'helm.sh/resource-policy': policy, ...annotations } = chart.metadata.annotations;
      expect(policy).toBe('keep');
      expect({ ...chart, metadata: { ...chart.metadata, annotations } }).toEqual(crd);
    },
  );
});

describe('both charts', () => {
  test.each(['suuupra-gateway', 'suuupra-gateway-crds'])('%s is of the same version as the package', (name) => {
    expect(parse(read(`charts/${name}/Chart.yaml`))).toMatchObject({
      version: manifest.version,
      appVersion: manifest.version,
    });
  });
});

describe('templates', () => {
  test('read no value that does not exist', () => {
    const paths = all.matchAll(/\.Values\.([A-Za-z]+(?:\.[A-Za-z]+)*)/g);
    expect([...paths].map(([, path = '']) => path).filter((path) => !exists(chartValues, path.split('.')))).toEqual([]);
  });

  test('read every value', () => {
    // global is Helm's own.
    const names = Object.keys(chartValues).filter((name) => name !== 'global');
    expect(names.filter((name) => !all.includes(`.Values.${name}`))).toEqual([]);
  });

  test('give the gateway only options that it has', () => {
    const flags = new Set(Object.keys(options).map(flagOf));
    const used = [...all.matchAll(/^- (--[a-z-]+)/gm)].map(([, flag = '']) => flag);
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((flag) => !flags.has(flag))).toEqual([]);
  });

  test('set only environment variables that the gateway reads', () => {
    const known = new Set(Object.keys(options).map(variableOf));
    const used = [...all.matchAll(/name: (SUUUPRA_[A-Z_]+)/g)].map(([, name = '']) => name);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('alerts and dashboard', () => {
  test.each(['templates/prometheusrule.yaml', 'files/dashboard.json'])('%s asks for metrics that there are', (path) => {
    const source = read('pkg/telemetry/exposition.ts');
    const names = new Set(read(`charts/suuupra-gateway/${path}`).match(/suuupra_[a-z0-9_]+/g));
    expect(names.size).toBeGreaterThan(4);
    expect([...names].filter((name) => !source.includes(`'${name.replace(/_bucket$/, '')}'`))).toEqual([]);
  });
});

describe('roles', () => {
  const reading = [...readRules(false), ...readRules(true)];

  test.each(Object.entries(KINDS))('%s may be read', (_kind, { group, plural }) => {
    expect(reading.some(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(plural))).toBe(
      true,
    );
  });

  test('who may edit may not write APIKeys: only who may give rights', () => {
    const resources = (granting: boolean) => userRules(['create'], granting).flatMap((rule) => rule.resources);
    expect(resources(true)).toContain('apikeys');
    expect(resources(false)).toEqual(resources(true).filter((resource) => resource !== 'apikeys'));
    expect(read('charts/suuupra-gateway/templates/rbac.yaml')).toMatch(
      /aggregate-to-edit" "true"\)\) \| nindent 2 }}\nrules:\n {2}{{- include "suuupra-gateway\.rules\.edit"/,
    );
  });

  test('no rule has a wildcard, and none lets anyone write Secrets, ConfigMaps or roles', () => {
    const rules = [
      ...reading,
      ...writeRules(false),
      ...writeRules(true),
      ...podRules(),
      ...userRules(['get', 'create'], true),
    ];
    expect(rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs])).not.toContain(
      '*',
    );
    const written = rules.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
    expect(written.flatMap(({ resources }) => resources).toSorted()).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(secrets|configmaps|pods|.*roles|.*bindings)$/)]),
    );
  });
});

function exists(values: Values, [first = '', ...rest]: readonly string[]): boolean {
  const value: Value | undefined = Object.hasOwn(values, first) ? values[first] : undefined;
  if (value === undefined) return false;
  return rest.length === 0 || value.kind === 'leaf' || exists(value.fields, rest);
}
