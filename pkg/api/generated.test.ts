/** The committed CRDs and reference pages are those that the schemas give. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { printCrds } from './crd.ts';
import { generatedFiles } from './generated.ts';
import type { StructuralSchema } from './structural.ts';

const root = join(import.meta.dirname, '../..');

describe('generated files', () => {
  test.each([...generatedFiles()])('%s is up to date (else: make generate)', (path, content) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(content);
  });

  test('printCrds prints every CRD as one YAML stream', () => {
    const names = parseAllDocuments(printCrds()).map((document) => document.getIn(['metadata', 'name']));
    expect(names).toEqual([
      'gatewayroutes.gateway.suuupra.io',
      'gatewaypolicies.gateway.suuupra.io',
      'backends.gateway.suuupra.io',
      'gatewayclassconfigs.gateway.suuupra.io',
      'apikeys.gateway.suuupra.io',
    ]);
  });
});

describe('our CRDs', () => {
  const documents = parseAllDocuments(printCrds());
  const specs = documents.map((document) => {
    const crd = document.toJS() as {
      spec: { names: { kind: string }; versions: { schema: { openAPIV3Schema: StructuralSchema } }[] };
    };
    return [crd.spec.names.kind, crd.spec.versions[0]!.schema.openAPIV3Schema] as const;
  });

  test.each(specs)('%s has nothing that a structural schema must not have', (_kind, schema) => {
    expect(forbiddenIn(schema, '')).toEqual([]);
  });

  test.each(specs.filter(([kind]) => kind !== 'GatewayRoute'))(
    '%s bounds every list, map and text',
    (_kind, schema) => {
      expect(unboundedIn(schema.properties?.['spec'] ?? {}, 'spec')).toEqual([]);
      expect(unboundedIn(schema.properties?.['status'] ?? {}, 'status')).toEqual([]);
    },
  );

  test.each(specs)('%s says of every field what it is for', (_kind, schema) => {
    expect(undescribedIn(schema, '')).toEqual([]);
  });

  test.each(specs)('%s never has an enum value that YAML 1.1 reads as a boolean', (_kind, schema) => {
    const words = JSON.stringify(schema).match(/"(on|off|yes|no|y|n|true|false)"/gi) ?? [];
    expect(words.filter((word) => !/^"(True|False)"$/.test(word))).toEqual([]);
  });
});

const ALLOWED = new Set([
  'type',
  'description',
  'properties',
  'required',
  'items',
  'additionalProperties',
  'default',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
]);

function forbiddenIn(schema: StructuralSchema, path: string): string[] {
  const own = Object.keys(schema).filter((key) => !ALLOWED.has(key) && !key.startsWith('x-kubernetes-'));
  const untyped = schema.type === undefined && schema['x-kubernetes-int-or-string'] !== true ? ['no type'] : [];
  const children = childrenOf(schema).flatMap(([name, child]) => forbiddenIn(child, `${path}.${name}`));
  return [...[...own, ...untyped].map((key) => `${path}: ${key}`), ...children];
}

function unboundedIn(schema: StructuralSchema, path: string): string[] {
  const { type, enum: values, maxLength, maxItems, additionalProperties, maxProperties, format } = schema;
  const unbounded =
    (type === 'string' && values === undefined && maxLength === undefined && format !== 'date-time') ||
    (type === 'array' && maxItems === undefined) ||
    (additionalProperties !== undefined && maxProperties === undefined);
  const children = childrenOf(schema).flatMap(([name, child]) => unboundedIn(child, `${path}.${name}`));
  return unbounded ? [path, ...children] : children;
}

/** Items of lists are described by their list. */
function undescribedIn(schema: StructuralSchema, path: string): string[] {
  return childrenOf(schema).flatMap(([name, child]) => {
    const silent = child.description === undefined && name !== '[]' && `${path}.${name}` !== '.metadata';
    return [...(silent ? [`${path}.${name}`] : []), ...undescribedIn(child, `${path}.${name}`)];
  });
}

function childrenOf(schema: StructuralSchema): [string, StructuralSchema][] {
  return [
    ...Object.entries(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [['[]', schema.items] as [string, StructuralSchema]]),
    ...(schema.additionalProperties === undefined
      ? []
      : [['{}', schema.additionalProperties] as [string, StructuralSchema]]),
  ];
}
