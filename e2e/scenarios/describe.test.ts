/** What a user sees of each kind of route, good and broken: `kubectl describe` and `kubectl get`, word for word. UPDATE=1 writes the files. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { echoBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { Release } from '../install.ts';
import { apply, createNamespace, deleteNamespace, kubectl, type Manifest } from '../kubectl.ts';
import { until } from '../until.ts';

const namespace = 'e2e-describe';

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, ...echoBackend('shop'), httpGateway('public'));
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  await gatewayAddress(namespace, 'public');
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

const good = httpRoute('good', 'public', 'good.example.com', 'shop');
const broken = httpRoute('broken', 'public', 'broken.example.com', 'payments');
const lost = httpRoute('lost', 'internal', 'lost.example.com', 'shop');
const partly: Manifest = {
  apiVersion: 'gateway.suuupra.io/v1alpha1',
  kind: 'GatewayRoute',
  metadata: { name: 'partly' },
  spec: {
    parentRefs: [{ name: 'public' }],
    hostnames: ['partly.example.com'],
    rules: [
      {
        name: 'list',
        matches: [{ path: { type: 'PathPrefix', value: '/orders' } }],
        backendRefs: [{ name: 'shop', port: 80 }],
      },
      {
        name: 'pay',
        matches: [{ path: { type: 'PathPrefix', value: '/pay' } }],
        backendRefs: [{ name: 'payments', port: 80 }],
      },
    ],
  },
};
const guarded: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    name: 'guarded',
    annotations: { 'nginx.ingress.kubernetes.io/auth-url': 'https://login.example.com/check' },
  },
  spec: {
    ingressClassName: Release,
    rules: [
      {
        host: 'guarded.example.com',
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'shop', port: { number: 80 } } } }],
        },
      },
    ],
  },
};

test.each([
  ['httproute', good, 'Accepted'],
  ['httproute', broken, 'BackendNotFound'],
  ['httproute', lost, 'NoMatchingParent'],
  ['gatewayroute', partly, 'BackendNotFound'],
  ['ingress', guarded, 'AnnotationUnsupported'],
])('%s %#', async (kind, manifest, reason) => {
  await apply(namespace, manifest);
  const what = `${kind}/${manifest.metadata.name}`;
  const printed = await until(`an Event of ${what} says ${reason}`, async () => {
    const text = await kubectl(['describe', '-n', namespace, what]);
    // All of them: they come one after the other.
    return new RegExp(`^ +(Normal|Warning) +${reason} `, 'm').test(text) && isWhole(text) && text;
  });
  const columns = await kubectl(['get', '-n', namespace, what]);
  expectGolden(`describe-${kind}-${manifest.metadata.name}.txt`, `${columns}\n${printed}`);
});

/** The Event that an object which is accepted gets, too. */
function isWhole(text: string): boolean {
  const accepted = /Status: +True\n +Type: +Accepted/.test(text);
  return !accepted || / +Normal +Accepted /.test(text);
}

function expectGolden(name: string, printed: string): void {
  const file = join(import.meta.dirname, 'testdata', name);
  const text = withoutPlace(printed);
  if (process.env['UPDATE'] === '1') writeFileSync(file, text);
  expect(existsSync(file)).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

/** Without what differs from run to run: times, versions, addresses. */
function withoutPlace(text: string): string {
  const events = text.indexOf('\nEvents:');
  const [head, tail] = [text.slice(0, events), text.slice(events)];
  const lines = tail
    .split('\n')
    .map((line) => line.replace(/^( +(?:Normal|Warning) +\S+ +)\d+s( \(x\d+ over \d+s\))? +/, '$1<age>  '));
  const sorted = [
    ...lines.slice(0, 4),
    ...lines
      .slice(4)
      .filter((line) => line !== '')
      .toSorted(),
    '',
  ];
  return `${head}${sorted.join('\n')}`
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
    .replace(/(Resource Version: +)\d+/g, '$1<version>')
    .replace(/(UID: +)[0-9a-f-]{36}/g, '$1<uid>')
    .replace(/\b10\.\d+\.\d+\.\d+\b/g, '<address>')
    .replace(/\bfd00:[0-9a-f:]+/g, '<address>')
    .replace(/ +\d+s$/gm, ' <age>')
    .replace(/ +$/gm, '');
}
