/** Our CRDs on a real API server: what it refuses and how it says so, what it accepts, and how kubectl explains it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { printCrds } from '../../pkg/api/crd.ts';
import { kubectl, type Manifest } from '../kubectl.ts';
import { until } from '../until.ts';
import { rejected } from './rejected.ts';

const apiVersion = 'gateway.suuupra.io/v1alpha1';

async function tryOut(...items: readonly object[]): Promise<string> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  return kubectl(['create', '--dry-run=server', '-n', 'default', '-f', '-'], list);
}

/** Those of an installed chart are left to it. */
async function served(): Promise<boolean> {
  const names = await kubectl(['api-resources', '--api-group=gateway.suuupra.io', '-o', 'name']);
  return names.trim().split('\n').length >= 4;
}

beforeAll(async () => {
  if (await served()) return;
  await kubectl(['apply', '--server-side', '-f', '-'], printCrds());
  await until('the API server serves our kinds', served);
});

describe('an apply is refused with a sentence', () => {
  test.each(rejected)('$kind: $name', async ({ kind, spec, message }) => {
    const attempt = tryOut({ apiVersion, kind, metadata: { name: 'x' }, spec });
    await expect(attempt).rejects.toThrow(message);
  });

  test('Backend: a change of type', async () => {
    const spec = { type: 'Service', port: { port: 80 }, service: { name: 'orders' } };
    const metadata = { name: 'e2e-immutable', namespace: 'default' };
    const object = { apiVersion, kind: 'Backend', metadata, spec };
    await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(object));
    const changed = {
      ...object,
      spec: { type: 'Static', static: { endpoints: [{ address: '192.0.2.1', port: 80 }] } },
    };
    const replaced = kubectl(['replace', '--dry-run=server', '-f', '-'], JSON.stringify(changed));
    await expect(replaced).rejects.toThrow('spec: Invalid value: type is immutable');
    await kubectl(['delete', 'backend', 'e2e-immutable', '-n', 'default']);
  });
});

test('an apply is refused that gives a key of an APIKey another hash, or two of its keys one id', async () => {
  const metadata = { name: 'e2e-immutable', namespace: 'default' };
  const hash = (digit: string) => `sha256:${digit.repeat(64)}`;
  const object = (...keys: readonly object[]) =>
    JSON.stringify({ apiVersion, kind: 'APIKey', metadata, spec: { subject: 'a', keys } });
  await kubectl(['apply', '--server-side', '-f', '-'], object({ id: 'one1', hash: hash('1') }));
  const replace = (...keys: readonly object[]) => kubectl(['replace', '--dry-run=server', '-f', '-'], object(...keys));
  await expect(replace({ id: 'one1', hash: hash('2') })).rejects.toThrow('hash is immutable');
  await expect(replace({ id: 'one1', hash: hash('1') }, { id: 'one1', hash: hash('1') })).rejects.toThrow('Duplicate');
  await replace({ id: 'two2', hash: hash('2') }, { id: 'one1', hash: hash('1') });
  await kubectl(['delete', 'apikey', 'e2e-immutable', '-n', 'default']);
});

describe('is accepted', () => {
  test('every HTTPRoute of the conformance suite, as a GatewayRoute', async () => {
    const module = ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/gateway-api/conformance'];
    const cwd = join(import.meta.dirname, '../cluster');
    const suite = execFileSync('go', module, { cwd, encoding: 'utf8', env: { ...process.env, GOFLAGS: '-mod=mod' } });
    const folder = suite.trim();
    const routes = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
      .map((document) => document.toJS() as Manifest | null)
      .filter((object) => object?.kind === 'HTTPRoute')
      .map((object) => ({
        ...object,
        apiVersion,
        kind: 'GatewayRoute',
        metadata: { ...object?.metadata, namespace: 'default' },
      }));
    expect(routes.length).toBeGreaterThanOrEqual(142);
    const printed = await tryOut(...routes);
    expect(printed.trim().split('\n')).toHaveLength(routes.length);
  });

  test('what an object has in a cluster and not in a file is pruned or defaulted alike', async () => {
    const spec = { rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }] };
    const list = JSON.stringify({
      apiVersion,
      kind: 'GatewayRoute',
      metadata: { name: 'x', namespace: 'default' },
      spec,
    });
    const made = await kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], list);
    expect(JSON.parse(made)).toMatchObject({
      spec: {
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/' } }],
            backendRefs: [{ kind: 'Service', weight: 1, priority: 0 }],
          },
        ],
      },
    });
  });
});

describe('kubectl explain', () => {
  test.each([
    ['gatewayroute', 'gatewayroute.spec'],
    ['gatewayroute-rule', 'gatewayroute.spec.rules'],
    ['gatewayroute-status', 'gatewayroute.status'],
    ['backend', 'backend.spec'],
    ['backend-tls', 'backend.spec.tls'],
    ['gatewayclassconfig', 'gatewayclassconfig.spec'],
  ])('%s', async (name, field) => {
    const file = join(import.meta.dirname, `testdata/explain-${name}.txt`);
    const printed = await kubectl(['explain', `--api-version=${apiVersion}`, field]);
    if (process.env['UPDATE'] === '1') writeFileSync(file, printed);
    expect(existsSync(file)).toBe(true);
    expect(printed).toBe(readFileSync(file, 'utf8'));
  });
});
