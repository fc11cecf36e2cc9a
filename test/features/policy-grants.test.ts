/** A ReferenceGrant that is deleted while requests are served: the routes that needed it close, whatever their policy was before, and open with it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type HttpService, startHttpService } from '../../pkg/extauth/http-service.testing.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { gatewayRoute, policyManifest } from '../policies/guards.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { baseManifests, services } from './folder.ts';
import { startLoad } from './load.ts';
import { until } from './until.ts';

let origin: Origin;
let sso: HttpService;
let feature: Feature;
beforeAll(async () => {
  origin = await createEcho('one');
  sso = await startHttpService((_, response) => void response.end());
  // Of the whole Gateway: what its policy refers to may vanish for a while, what was granted to it may not.
  const policy = policyManifest('sso', {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }],
    policies: {
      authentication: {
        methods: [
          {
            name: 'sso',
            type: 'ExternalAuth',
            externalAuth: {
              protocol: 'HTTP',
              backendRef: { name: 'sso', namespace: 'vault', port: 8080 },
              http: { path: '/check' },
            },
          },
        ],
      },
    },
  });
  const route = gatewayRoute('a', ['a.test'], [{ backendRefs: [{ name: 'one', port: 8080 }] }]);
  feature = await startFeature(
    {
      'base.yaml': baseManifests({ one: origin.port }) + services({ sso: sso.port }, 'vault') + route + policy,
      'grant.yaml': grant,
    },
    { workers: 2 },
  );
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
  await sso.close();
});

const grant = `apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: sso, namespace: vault }
spec:
  from: [{ group: gateway.suuupra.io, kind: GatewayPolicy, namespace: default }]
  to: [{ group: "", kind: Service, name: sso }]
`;

test('closes with the grant, for every worker, and opens with it', async () => {
  await feature.becomes('http://a.test/', 200);
  const load = startLoad(feature.gateway.port(80), 'a.test', 8);
  await until(async () => load.answered > 100);
  expect(load.failures).toEqual([]);

  await feature.folder.remove('grant.yaml');
  await until(async () => load.failures.length > 100);
  expect(await feature.condition('GatewayPolicy', 'sso', 'ResolvedRefs')).toBe('False RefNotPermitted');
  // What one worker has, all have a moment later; from then on nobody passes, and the service is asked no more.
  const ask = () => Promise.all(Array.from({ length: 40 }, async () => (await feature.ask('http://a.test/')).status));
  await until(async () => (await ask()).every((status) => status === 500));
  // An exchange that began before has ended by then.
  await ask();
  const [asked, reached, answered] = [sso.seen.length, origin.requests.length, load.answered];
  expect(new Set(await ask())).toEqual(new Set([500]));
  expect([sso.seen.length, origin.requests.length, load.answered]).toEqual([asked, reached, answered]);

  await feature.folder.write('grant.yaml', grant);
  await until(async () => (await ask()).every((status) => status === 200));
  await load.stop();
  expect(new Set(load.failures)).toEqual(new Set(['status 500']));
});
