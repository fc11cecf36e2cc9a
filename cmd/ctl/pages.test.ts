/** The examples on the pages of policies are for use: `gatewayctl validate` finds nothing in them, once what they are for is there. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../pkg/api/object.ts';
import { load } from './load.ts';

const root = join(import.meta.dirname, '../..');
const pages = [
  'docs/policies.md',
  'docs/client-address.md',
  ...globSync('pkg/policy/*/README.md', { cwd: root }).sort(),
];
const blocks = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(
    ([, text = ''], i) => [page, i, text] as const,
  ),
);

test.each(blocks)('%s, example %i', async (_page, _i, text) => {
  const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
  const directory = mkdtempSync(join(tmpdir(), 'page-'));
  try {
    writeFileSync(join(directory, 'page.yaml'), text);
    writeFileSync(
      join(directory, 'around.json'),
      JSON.stringify({ kind: 'List', apiVersion: 'v1', items: around(objects) }),
    );
    const place = { directory, kubeconfig: null, context: null, observe: [], namespace: null, everywhere: true };
    const { problems } = await load(place);
    expect(problems.map(({ object, path, message, hint }) => `${object} ${path} ${message}; ${hint}`)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

interface Reference {
  readonly kind?: string;
  readonly name: string;
  readonly port?: number;
  readonly sectionName?: string;
}

const gatewayApi = 'gateway.networking.k8s.io/v1';
const ofClass = {
  apiVersion: gatewayApi,
  kind: 'GatewayClass',
  metadata: { name: 'suuupra' },
  spec: { controllerName: 'gateway.suuupra.io/controller' },
};
const ofIngresses = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'suuupra' },
  spec: { controller: 'gateway.suuupra.io/ingress-controller' },
};

/** The classes, a Gateway, and what the objects of a page name and do not have among them. */
function around(objects: readonly KubeObject[]): object[] {
  const there = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const named: readonly Reference[] = [{ kind: 'Gateway', name: 'public' }, ...referencesIn(objects)];
  const wanted = new Map(named.map((each) => [`${each.kind ?? 'Service'} ${each.name}`, each]));
  const classes = [ofClass, ofIngresses].filter(({ kind, metadata }) => !there.has(`${kind} ${metadata.name}`));
  return [...classes, ...[...wanted].filter(([key]) => !there.has(key)).map(([, each]) => stub(each))];
}

function stub({ kind = 'Service', name, port, sectionName: rule = 'all' }: Reference): object {
  const metadata = { name, namespace: 'shop' };
  const hostname = `${name}.example.com`;
  switch (kind) {
    case 'Gateway': {
      const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }];
      return { apiVersion: gatewayApi, kind, metadata, spec: { gatewayClassName: 'suuupra', listeners } };
    }
    case 'Ingress': {
      const spec = { ingressClassName: 'suuupra', rules: [{ host: hostname }] };
      return { apiVersion: 'networking.k8s.io/v1', kind, metadata, spec };
    }
    case 'Service':
      return { apiVersion: 'v1', kind, metadata, spec: { ports: [{ port }] } };
    default: {
      const apiVersion = kind === 'HTTPRoute' ? gatewayApi : 'gateway.suuupra.io/v1alpha1';
      const spec = { parentRefs: [{ name: 'public' }], hostnames: [hostname], rules: [{ name: rule }] };
      return { apiVersion, kind, metadata, spec };
    }
  }
}

/** Targets and backends, wherever they stand. */
function referencesIn(value: unknown): Reference[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === 'targetRefs' || key === 'backendRefs' || key === 'backendRef'
      ? ([each].flat() as Reference[])
      : referencesIn(each),
  );
}
