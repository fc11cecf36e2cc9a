/** Policies in each place where they may stand, through the real process: defaults of the class, ExtensionRef, and the rule itself; and what cannot be read. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho } from '../features/echo.ts';
import { type Feature, startFeature } from '../features/feature.ts';
import { configuredClass, gatewayManifest, services } from '../features/folder.ts';
import { gatewayRoute, policyManifest, routeTarget } from './guards.ts';

let origin: Origin;
let feature: Feature;
beforeEach(async () => {
  origin = await createEcho('one');
  feature = await startFeature({
    'base.yaml': `${classWith('{ requestLimits: { methods: [GET, POST] } }')}---\n${gateway}${services({ one: origin.port })}`,
    'routes.yaml': routes + policyManifest('nobody', { policies: { ipAccess: { deny: ['127.0.0.0/8'] } } }),
  });
});
afterEach(async () => {
  await feature.stop();
  await origin.close();
});

const classWith = (policies: string): string => configuredClass(`{ defaults: { policies: ${policies} } }`);
const gateway = gatewayManifest(
  'public',
  '[{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]',
);
const backendRefs = [{ name: 'one', port: 8080 }];
const path = (value: string) => [{ path: { type: 'PathPrefix', value } }];
const extensionRef = { group: 'gateway.suuupra.io', kind: 'GatewayPolicy', name: 'nobody' };
const rules = [
  { name: 'closed', matches: path('/closed'), backendRefs, filters: [{ type: 'ExtensionRef', extensionRef }] },
  { name: 'open', matches: path('/'), backendRefs },
];
const own = [
  { matches: path('/signed'), backendRefs, policies: { ipAccess: { deny: ['127.0.0.1/32'] } } },
  { name: 'open', matches: path('/'), backendRefs },
];
const httpRoute = JSON.stringify({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'named' },
  spec: { parentRefs: [{ name: 'public' }], hostnames: ['named.test'], rules },
});
const routes = `---\n${httpRoute}\n${gatewayRoute('inline', ['inline.test'], own)}`;

test('each closes what it is for, and nothing beside it', async () => {
  await feature.becomes('http://named.test/', 200);
  const statuses = async (method: string) =>
    Promise.all(
      ['named.test/closed', 'named.test/', 'inline.test/signed', 'inline.test/'].map(
        async (each) => (await feature.ask(`http://${each}`, { method })).status,
      ),
    );
  expect(await statuses('GET')).toEqual([403, 200, 403, 200]);
  // What the class says holds everywhere, behind the access lists.
  expect(await statuses('PUT')).toEqual([403, 405, 403, 405]);
});

test('defaults of the class that cannot be built close everything of it', async () => {
  await feature.becomes('http://named.test/', 200);
  const missing = '{ ipAccess: { listRef: { name: gone, key: cidrs, action: Allow } } }';
  await feature.folder.write('base.yaml', `${classWith(missing)}---\n${gateway}${services({ one: origin.port })}`);
  await feature.becomes('http://named.test/', 500);
  expect((await feature.ask('http://inline.test/')).status).toBe(500);
});

test('a policy that cannot be read closes its target, and its neighbours go on', async () => {
  await feature.becomes('http://inline.test/', 200);
  const targetRefs = [routeTarget('inline', 'open')];
  await feature.folder.write('bad.yaml', policyManifest('misspelt', { targetRefs, policies: { ipAcces: {} } }));
  await feature.becomes('http://inline.test/', 500);
  expect((await feature.ask('http://named.test/')).status).toBe(200);
  await feature.folder.remove('bad.yaml');
  await feature.becomes('http://inline.test/', 200);
});
