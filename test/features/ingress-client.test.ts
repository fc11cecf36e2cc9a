/** Whom the Ingresses of a class believe about their clients, and that nobody is believed once another class does not agree. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { services } from './folder.ts';

const url = 'http://web.test/';
const proxied = { headers: { 'x-forwarded-for': '192.0.2.1' } };

let origin: Origin;
let feature: Feature;
beforeAll(async () => {
  origin = await createEcho('one');
  feature = await startFeature({ 'all.yaml': `${manifests}${services({ one: origin.port })}` });
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
});

test('the defaults of the class count, until a class beside it says something else', async () => {
  await feature.becomes(url, 200, proxied);
  expect((await feature.ask(url)).status).toBe(403);
  expect(await feature.condition('GatewayClassConfig', 'config', 'Enforced')).toBe('True Enforced');

  await feature.folder.write('other.yaml', ingressClass('other', ''));
  const refused = await feature.becomes(url, 403, proxied);
  expect(refused.body).toContain('address-denied');
  expect(await feature.condition('GatewayClassConfig', 'config', 'Enforced')).toBe('False Conflicted');

  await feature.folder.remove('other.yaml');
  await feature.becomes(url, 200, proxied);
});

function ingressClass(name: string, parameters: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ${name} }
spec: { controller: gateway.suuupra.io/ingress-controller${parameters} }
`;
}

const parameters =
  ', parameters: { apiGroup: gateway.suuupra.io, kind: GatewayClassConfig, name: config, namespace: default, scope: Namespace }';
const manifests = `${ingressClass('web', parameters)}---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayClassConfig
metadata: { name: config }
spec:
  defaults:
    policies:
      client: { ip: { trustedCIDRs: [127.0.0.0/8] } }
      ipAccess: { allow: [192.0.2.0/24] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  ingressClassName: web
  rules:
    - host: web.test
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: one, port: { number: 8080 } } } }] }
`;
