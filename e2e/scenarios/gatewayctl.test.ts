/** gatewayctl and the observe mode on a cluster: they say what the gateway says, and leave nothing behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createNamespace, deleteNamespace, kubectl } from '../kubectl.ts';
import { until } from '../until.ts';

const namespace = 'e2e-gatewayctl';
const foreign = `${namespace}-nginx`;
const root = join(import.meta.dirname, '../..');

interface Result {
  readonly code: number | null;
  readonly out: string;
}

async function run(program: string, ...args: readonly string[]): Promise<Result> {
  const child = spawn(process.execPath, [join(root, program), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (out += bytes.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out };
}

const ctl = (...args: readonly string[]) => run('cmd/gatewayctl.ts', ...args);

beforeAll(async () => {
  await createNamespace(namespace);
  const manifests = readFileSync(join(import.meta.dirname, 'testdata/kubectl.yaml'), 'utf8');
  await kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], manifests);
  const legacy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: 'other',
      annotations: {
        'kubernetes.io/ingress.class': foreign,
        'nginx.ingress.kubernetes.io/auth-url': 'https://a.example/',
      },
    },
    spec: {
      rules: [
        {
          host: 'other.example.com',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'orders', port: { number: 8080 } } } },
            ],
          },
        },
      ],
    },
  };
  await kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], JSON.stringify(legacy));
  await kubectl(['wait', '-n', namespace, '--for=condition=Programmed', 'gateway/public', '--timeout=60s']);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

describe('gatewayctl', () => {
  test('status names each object with a problem and its fix, of one namespace', async () => {
    const { code, out } = await ctl('status', '-n', namespace);
    expect(code).toBe(1);
    expect(out).toMatch(
      new RegExp(
        `^GatewayRoute/${namespace}/orders {2}ResolvedRefs False, Ready False\\n.*BackendNotFound: Service ${namespace}/payments not found\\n +fix: create it`,
        'm',
      ),
    );
    expect(out).toMatch(/^[^ ]+\/partners {2}Accepted False, Programmed False$/m);
    expect(out).not.toContain('other');
    expect(out).toMatch(/^7 of \d+ objects in namespace e2e-gatewayctl have a problem\.$/m);
  });

  test('status of a namespace without objects finds nothing', async () => {
    const { code, out } = await ctl('status', '-n', 'kube-public', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ namespace: 'kube-public', objects: [] });
  });

  test('validate says the same in a line each', async () => {
    const { code, out } = await ctl('validate', '-n', namespace);
    expect(code).toBe(1);
    expect(out).toContain(
      `GatewayRoute/${namespace}/orders spec.rules[1].backendRefs[0]: Service ${namespace}/payments`,
    );
  });

  test('route asks one Gateway of many', async () => {
    const args = ['route', 'GET', 'http://shop.example.com/orders/1', '--gateway', `${namespace}/public`];
    const { code, out } = await ctl(...args);
    expect(out).toContain(`Served by GatewayRoute/${namespace}/orders rule 0 (list).`);
    expect(code).toBe(0);
  });

  test('support-bundle holds what the gateway wrote, and no secret', async () => {
    await kubectl(['create', 'secret', 'generic', 'hidden', '-n', namespace, '--from-literal=password=hunter2']);
    const { code, out } = await ctl('support-bundle', '-n', namespace);
    expect(code).toBe(0);
    const { cluster } = JSON.parse(out) as {
      cluster: { statuses: { Gateway: readonly object[] }; pods: readonly object[] };
    };
    expect(cluster.statuses.Gateway).toContainEqual(expect.objectContaining({ namespace, name: 'public' }));
    expect(cluster.pods.length).toBeGreaterThan(0);
    expect(out).not.toMatch(/hunter2|aHVudGVyMg==/);
  });

  test('judges the classes of another controller', async () => {
    const { out } = await ctl('status', '-n', namespace, '--observe', foreign);
    expect(out).toMatch(/^Ingress\/e2e-gatewayctl\/other$/m);
    expect(out).toContain('every rule of this Ingress answers 503 rather than being open');
  });
});

test('--observe tells in its log what it would serve, and writes nothing', async () => {
  const written = () => kubectl(['get', 'ingress,lease,events', '-n', namespace, '-o', 'json']);
  const before = await written();
  const options = [
    '--observe',
    '--observe-classes',
    foreign,
    '--admin-address',
    'off',
    '--workers',
    '1',
    '--log-format',
    'json',
  ];
  const child = spawn(process.execPath, [join(root, 'cmd/gateway.ts'), ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (bytes: Buffer) => (log += bytes.toString()));
  try {
    await until('it reports', () => log.includes('observing only'), 30);
    await until('it names the Ingress', () => log.includes(`Ingress/${namespace}/other`), 10);
    expect(log).toMatch(/"classes":\["e2e-gatewayctl-nginx"\].*"routes":1,"refusedRules":1/);
  } finally {
    child.kill('SIGINT');
    await once(child, 'close');
  }
  const strip = (text: string) => text.replace(/"resourceVersion": "\d+"/, '');
  expect(strip(await written())).toBe(strip(before));
});
