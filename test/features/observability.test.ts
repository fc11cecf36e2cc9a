/** What an operator sees of traffic: the access log, the metrics, the debug pages. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { baseManifests, createFolder, type Folder, routeManifest } from './folder.ts';
import { until } from './until.ts';

let origin: Origin;
let logs: Folder;
let feature: Feature;
beforeAll(async () => {
  origin = await createEcho('one');
  logs = await createFolder();
  const secret = await readFile(join(import.meta.dirname, '../../examples/tls/gateway.yaml'), 'utf8');
  feature = await startFeature(
    {
      'base.yaml': baseManifests({ one: origin.port }),
      'route.yaml': routeManifest('one', '[{ backendRefs: [{ name: one, port: 8080 }] }]'),
      'keys.yaml': keys,
      // Its Gateway is the younger one on port 80; the certificate is what matters here.
      'tls.yaml': secret.replace(
        /kind: GatewayClass\nmetadata: \{ name: suuupra \}/,
        'kind: GatewayClass\nmetadata: { name: other }',
      ),
    },
    { args: [`--access-log=${join(logs.path, 'access.log')}`] },
  );
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
  await logs[Symbol.asyncDispose]();
});

// For another route than the one that is asked: clients show credentials in wrong places, too.
const keys = `apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: guarded }
spec:
  parentRefs: [{ name: public }]
  hostnames: [guarded.example.com]
  rules:
    - policies:
        authentication:
          methods: [{ name: key, type: APIKey, apiKey: { selector: {}, extractFrom: { params: [api_key] } } }]
`;

interface Line {
  readonly path: string;
  readonly status: number;
  readonly [field: string]: unknown;
}

async function logged(path: string): Promise<Line> {
  return until(async () => {
    const lines = (await readFile(join(logs.path, 'access.log'), 'utf8')).trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Line).find((line) => line.path === path);
  });
}

describe('the access log', () => {
  test('says who asked what, what served it, and how it went', async () => {
    await feature.ask('http://a.example.com/logged?secret=1', { headers: { 'user-agent': 'probe "1"' } });
    expect(await logged('/logged')).toMatchObject({
      clientAddress: '127.0.0.1',
      method: 'GET',
      host: 'a.example.com',
      query: '?secret=1',
      status: 200,
      flag: '',
      attempts: 1,
      route: 'HTTPRoute/default/one',
      rule: 0,
      listener: 'default/public/http',
      cluster: 'default/one:8080',
      endpoint: `127.0.0.1:${origin.port}`,
      userAgent: 'probe "1"',
    });
  });

  test('has no credential of a query, wherever the client sent it', async () => {
    await feature.ask('http://a.example.com/told?api%5Fkey=abc&a=1&su-signature=def&access_token=ghi');
    expect(await logged('/told')).toMatchObject({
      status: 200,
      query: '?api%5Fkey=[redacted]&a=1&su-signature=[redacted]&access_token=[redacted]',
    });
    await feature.ask('http://guarded.example.com/refused?api_key=abc');
    expect(await logged('/refused')).toMatchObject({ status: 401, query: '?api_key=[redacted]' });
  });

  test('has a line for what nothing serves', async () => {
    await feature.ask('http://nobody.example.com/lost');
    expect(await logged('/lost')).toMatchObject({ status: 404, flag: 'NR', route: '', rule: -1 });
  });
});

test('metrics count requests by route and backend', async () => {
  for (let i = 0; i < 5; i++) await feature.ask('http://a.example.com/counted');
  const line = await until(async () => {
    const text = await feature.gateway.page('/metrics');
    return text
      .split('\n')
      .find((each) => each.startsWith('suuupra_requests_total') && each.includes('HTTPRoute/default/one'));
  });
  expect(line).toContain('default/one:8080');
  expect(Number(/ (\d+)$/.exec(line)?.[1])).toBeGreaterThanOrEqual(5);
});

test('what a transform leaves out is counted, and told once', async () => {
  await feature.folder.write(
    'transform.yaml',
    `apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: named }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: one }]
  policies: { transform: { request: { headers: { set: [{ name: X-Name, expression: 'request.query["name"]' }] } } } }
`,
  );
  const count = async (reason: string): Promise<number> => {
    const labels = `suuupra_policy_values_dropped_total{policy="transform",mode="Enforce",reason="${reason}"} `;
    const line = (await feature.gateway.page('/metrics')).split('\n').find((each) => each.startsWith(labels));
    return Number(line?.slice(labels.length) ?? 0);
  };
  await until(async () => {
    expect((await feature.ask('http://a.example.com/?name=a%0Ab')).status).toBe(200);
    return (await count('invalid')) >= 3;
  });
  expect(await count('failed')).toBe(0);
  await feature.ask('http://a.example.com/');
  await until(async () => (await count('failed')) === 1);
  const lines = feature.gateway.stderr().split('\n');
  expect(lines.filter((line) => line.includes('it may not stand there'))).toHaveLength(1);
  expect(lines.find((line) => line.includes('its expression gave none'))).toContain('request header X-Name');
});

test.each(['config', 'routes', 'endpoints', 'certs', 'statuses', 'problems'])(
  '/debug/%s is JSON without private keys',
  async (page) => {
    const text = await feature.gateway.page(`/debug/${page}`);
    expect(Object.keys(JSON.parse(text) as object)).toContain('version');
    expect(text).not.toContain('PRIVATE KEY');
  },
);

test('/debug/config shows certificates, so that there was a key to leave out', async () => {
  expect(await feature.gateway.page('/debug/config')).toContain('Secret/shop/shop-tls');
});
