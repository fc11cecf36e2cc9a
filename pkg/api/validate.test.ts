/** What users write wrong, and what they are told. */
import { describe, expect, test } from '@jest/globals';
import type { FieldProblem } from './problem.ts';
import { validateObject } from './validate.ts';

const httpRoute = (spec: unknown, metadata: unknown = { name: 'r' }) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata,
  spec,
});
const backend = (name: string) => [{ name, port: 8080 }];

function problemsOf(raw: unknown): readonly FieldProblem[] {
  const result = validateObject(raw);
  return 'problems' in result ? result.problems : [];
}

function objectOf(raw: unknown) {
  const result = validateObject(raw);
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return result.object as typeof result.object & { readonly spec: unknown };
}

describe('the document', () => {
  test.each<[string, unknown, FieldProblem]>([
    ['null', null, { path: '', message: 'is not an object', hint: 'write a map with apiVersion, kind and metadata' }],
    ['a list', [], { path: '', message: 'is not an object', hint: 'write a map with apiVersion, kind and metadata' }],
    [
      'no apiVersion',
      { kind: 'Service' },
      { path: 'apiVersion', message: 'is required', hint: 'add apiVersion, such as v1' },
    ],
    ['no kind', { apiVersion: 'v1' }, { path: 'kind', message: 'is required', hint: 'add kind, such as HTTPRoute' }],
    [
      'a version that is not served',
      { apiVersion: 'gateway.networking.k8s.io/v1alpha2', kind: 'HTTPRoute' },
      {
        path: 'apiVersion',
        message: '"gateway.networking.k8s.io/v1alpha2" is not served for HTTPRoute',
        hint: 'use gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1',
      },
    ],
    [
      'a group of the past',
      { apiVersion: 'extensions/v1beta1', kind: 'Ingress' },
      {
        path: 'apiVersion',
        message: '"extensions/v1beta1" is not the group of Ingress',
        hint: 'use networking.k8s.io/v1',
      },
    ],
    [
      'a kind in the wrong case',
      { apiVersion: 'v1', kind: 'service' },
      { path: 'kind', message: '"service" is not a kind of v1', hint: 'did you mean Service?' },
    ],
    [
      'a mistyped kind',
      { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRuote' },
      {
        path: 'kind',
        message: '"HTTPRuote" is not a kind of gateway.networking.k8s.io/v1',
        hint: 'did you mean HTTPRoute?',
      },
    ],
  ])('%s is refused', (_name, raw, problem) => {
    expect(problemsOf(raw)).toEqual([problem]);
  });

  test.each([
    ['apps/v1', 'Deployment', 'Deployment of apps/v1 is not a kind that the gateway reads'],
    ['serving.knative.dev/v1', 'Service', 'Service of serving.knative.dev/v1 is not a kind that the gateway reads'],
    [
      'gateway.networking.k8s.io/v1',
      'GRPCRoute',
      'GRPCRoute is not supported by this release, the object has no effect',
    ],
    ['v1', 'Pod', 'Pod of v1 is not a kind that the gateway reads'],
  ])('%s %s is left alone', (apiVersion, kind, ignored) => {
    expect(validateObject({ apiVersion, kind, metadata: { name: 'x' } })).toEqual({ ignored });
  });

  test('v1beta1 comes out as v1', () => {
    expect(objectOf({ ...httpRoute({}), apiVersion: 'gateway.networking.k8s.io/v1beta1' }).apiVersion).toBe(
      'gateway.networking.k8s.io/v1',
    );
  });

  test('status is not read, whatever it holds', () => {
    expect(objectOf({ ...httpRoute({}), status: { anything: [1] } })).not.toHaveProperty('status');
  });
});

describe('metadata', () => {
  test('has its defaults, and the result is frozen', () => {
    const object = objectOf(httpRoute({}));
    expect(object.metadata).toEqual({ name: 'r', namespace: 'default', generation: 1, labels: {}, annotations: {} });
    expect([object, object.metadata, object.spec].every(Object.isFrozen)).toBe(true);
  });

  test('a cluster-scoped object has no namespace', () => {
    expect(objectOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }).metadata.namespace).toBe('');
  });

  test('what an export of a live object has is accepted', () => {
    const metadata = {
      name: 'r',
      creationTimestamp: null,
      uid: 'u',
      resourceVersion: '7',
      generation: 3,
      managedFields: [{ manager: 'kubectl' }],
      ownerReferences: [],
    };
    expect(objectOf(httpRoute({}, metadata)).metadata).toMatchObject({ uid: 'u', resourceVersion: '7', generation: 3 });
  });

  test.each<[string, unknown, string, string]>([
    ['missing', null, 'metadata', 'is required'],
    ['without a name', {}, 'metadata.name', 'is required'],
    ['with generateName', { generateName: 'r-' }, 'metadata.name', 'is required'],
    ['with an upper case name', { name: 'Orders' }, 'metadata.name', '"Orders" is not a valid name'],
    ['with a bad namespace', { name: 'r', namespace: 'a.b' }, 'metadata.namespace', '"a.b" is not a valid namespace'],
    ['with a number as label', { name: 'r', labels: { a: 1 } }, 'metadata.labels.a', 'must be text, not the number 1'],
    [
      'with a bad label value',
      { name: 'r', labels: { a: 'x y' } },
      'metadata.labels.a',
      '"x y" is not a valid label value',
    ],
    [
      'with a bad label key',
      { name: 'r', labels: { 'a b': '' } },
      'metadata.labels["a b"]',
      '"a b" is not a valid key',
    ],
    [
      'with a date as age',
      { name: 'r', creationTimestamp: '2026-11-25' },
      'metadata.creationTimestamp',
      '"2026-11-25" is not a time',
    ],
    ['with an unknown field', { name: 'r', label: {} }, 'metadata.label', 'unknown field "label"'],
    [
      'with a __proto__ label',
      JSON.parse('{"name":"r","labels":{"__proto__":"x"}}'),
      'metadata.labels.__proto__',
      '"__proto__" is not a valid key',
    ],
  ])('%s is refused', (_name, metadata, path, message) => {
    expect(problemsOf(httpRoute({}, metadata))).toEqual([expect.objectContaining({ path, message })]);
  });

  test('a namespace on a cluster-scoped object is refused', () => {
    const raw = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', namespace: 'b' } };
    expect(problemsOf(raw)).toEqual([
      { path: 'metadata.namespace', message: 'Namespace is cluster-scoped', hint: 'remove metadata.namespace' },
    ]);
  });
});

describe('fields', () => {
  test.each<[string, unknown, FieldProblem]>([
    [
      'an unknown field',
      { rules: [{ backendRef: [] }] },
      { path: 'spec.rules[0].backendRef', message: 'unknown field "backendRef"', hint: 'did you mean backendRefs?' },
    ],
    [
      'a number in quotes',
      { rules: [{ backendRefs: [{ name: 'a', port: '80' }] }] },
      {
        path: 'spec.rules[0].backendRefs[0].port',
        message: 'must be a whole number, not the text "80"',
        hint: 'remove the quotes: 80',
      },
    ],
    [
      'a YAML 1.1 boolean for a text',
      { hostnames: [true] },
      {
        path: 'spec.hostnames[0]',
        message: 'must be text, not the boolean true',
        hint: 'put it in quotes (YAML reads an unquoted on, off, yes, no, y or n as a boolean)',
      },
    ],
    [
      'a map for a list',
      { rules: { matches: [] } },
      { path: 'spec.rules', message: 'must be a list, not a map', hint: 'write a list: start each item with "- "' },
    ],
    [
      'nothing after the colon',
      { hostnames: null },
      {
        path: 'spec.hostnames',
        message: 'must be a list, not null (nothing stands after the colon)',
        hint: 'give it a value or remove the field',
      },
    ],
    [
      'a word that is not in the set',
      { rules: [{ matches: [{ path: { type: 'Prefix', value: '/' } }] }] },
      {
        path: 'spec.rules[0].matches[0].path.type',
        message: '"Prefix" is not supported',
        hint: 'use one of Exact, PathPrefix, RegularExpression',
      },
    ],
    [
      'a number out of range',
      { rules: [{ backendRefs: [{ name: 'a', port: 70000 }] }] },
      { path: 'spec.rules[0].backendRefs[0].port', message: '70000 is out of range', hint: 'use 1 to 65535' },
    ],
    [
      'a duration without a unit',
      { rules: [{ timeouts: { request: '10' } }] },
      {
        path: 'spec.rules[0].timeouts.request',
        message: '"10" is not valid',
        hint: 'write a duration such as 10s, 500ms or 1h30m',
      },
    ],
    [
      'a hostname with a port',
      { hostnames: ['a.example.com:80'] },
      {
        path: 'spec.hostnames[0]',
        message: '"a.example.com:80" is not valid',
        hint: 'write a DNS name in lower case such as a.example.com or *.example.com, without a port, scheme or path',
      },
    ],
    [
      'a missing field',
      { parentRefs: [{}] },
      { path: 'spec.parentRefs[0].name', message: 'is required', hint: 'add name' },
    ],
    [
      'too many items',
      { hostnames: Array.from({ length: 17 }, (_, index) => `h${index}.example.com`) },
      { path: 'spec.hostnames', message: 'has 17 items', hint: 'keep at most 16' },
    ],
    [
      'the same key twice in a list map',
      {
        rules: [
          {
            matches: [
              {
                headers: [
                  { name: 'a', value: '1' },
                  { name: 'a', value: '2' },
                ],
              },
            ],
          },
        ],
      },
      {
        path: 'spec.rules[0].matches[0].headers[1]',
        message: 'has the same name as item [0]',
        hint: 'rename or remove one of them',
      },
    ],
  ])('%s is refused, with what to write instead', (_name, spec, problem) => {
    expect(problemsOf(httpRoute(spec))).toEqual([problem]);
  });

  test('all mistakes of the structure are told at once, up to a limit', () => {
    expect(
      problemsOf(httpRoute({ a: 1, hostnames: 'x', rules: [{ name: 1 }, { b: 2 }] })).map((problem) => problem.path),
    ).toEqual(['spec.a', 'spec.hostnames', 'spec.rules[0].name', 'spec.rules[1].b']);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, 1]));
    expect(problemsOf(httpRoute(many))).toHaveLength(64);
  });

  test('a text is never longer in a message than a line', () => {
    const [problem] = problemsOf(httpRoute({ hostnames: ['X'.repeat(200)] }));
    expect(problem?.message.length).toBeLessThan(120);
  });

  test('a text that would hold a backtracking regex for ages is refused at once', () => {
    const value = `${'a'.repeat(4000)}\u0001`;
    expect(problemsOf(httpRoute({ rules: [{ matches: [{ headers: [{ name: 'a', value }] }] }] }))).toHaveLength(1);
  });
});

describe('defaults of HTTPRoute', () => {
  const match = { path: { type: 'PathPrefix', value: '/' } };

  test('an empty spec has one rule that matches everything', () => {
    expect(objectOf(httpRoute({})).spec).toEqual({ rules: [{ matches: [match] }] });
  });

  test('references, weights and paths are filled in', () => {
    const spec = {
      parentRefs: [{ name: 'gw' }],
      rules: [{ matches: [{ method: 'GET' }], backendRefs: backend('orders') }],
    };
    expect(objectOf(httpRoute(spec)).spec).toEqual({
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw' }],
      rules: [
        {
          matches: [{ ...match, method: 'GET' }],
          backendRefs: [{ group: '', kind: 'Service', name: 'orders', port: 8080, weight: 1 }],
        },
      ],
    });
  });
});
