/** External authorization through the real process, with two workers: a policy that asks by HTTP, and a filter of a route that asks by gRPC. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type GrpcService, type SeenCheck, startGrpcService } from '../../pkg/extauth/grpc-service.testing.ts';
import { type HttpService, startHttpService } from '../../pkg/extauth/http-service.testing.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho, type Echoed } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { gatewayClass, gatewayManifest, services } from './folder.ts';

let origin: Origin;
let sso: HttpService;
let opa: GrpcService;
let feature: Feature;
beforeEach(async () => {
  origin = await createEcho('one');
  sso = await startHttpService();
  opa = await startGrpcService(({ attributes }: SeenCheck) => ({
    status: { code: attributes.request.http.path.startsWith('/admin') ? 7 : 0 },
  }));
  const ports = { one: origin.port, sso: sso.port, opa: opa.port };
  feature = await startFeature({ 'all.yaml': manifests(ports) }, { workers: 2 });
});
afterEach(async () => {
  await feature.stop();
  await origin.close();
  await sso.close();
  opa.close();
});

const session = { headers: { cookie: '_oauth2_proxy=valid', 'x-auth-request-user': 'root' } };

test('who has a session passes, where the route lets it too', async () => {
  const { body } = await feature.becomes('http://a.test/orders', 200, session);
  expect((JSON.parse(body) as Echoed).fields).toMatchObject({ 'x-auth-request-user': 'ada' });
  expect((await feature.ask('http://a.test/orders')).status).toBe(401);
  expect((await feature.ask('http://a.test//admin', session)).status).toBe(403);
});

test('a service that has gone lets nobody pass', async () => {
  await feature.becomes('http://a.test/orders', 200, session);
  opa.close();
  await feature.becomes('http://a.test/orders', 503, session);
  await sso.close();
  const answers = Array.from({ length: 20 }, async () => (await feature.ask('http://a.test/orders', session)).status);
  expect(new Set(await Promise.all(answers))).toEqual(new Set([503]));
});

function manifests(ports: Readonly<Record<'one' | 'sso' | 'opa', number>>): string {
  return `${gatewayClass}---\n${gatewayManifest('public', '[{ name: http, port: 80, protocol: HTTP }]')}${services(ports)}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: a }
spec:
  parentRefs: [{ name: public }]
  hostnames: [a.test]
  rules:
    - filters:
        - type: ExternalAuth
          externalAuth: { protocol: GRPC, grpc: {}, backendRef: { name: opa, port: 8080 } }
      backendRefs: [{ name: one, port: 8080 }]
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: sso }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public }]
  policies:
    authentication:
      methods:
        - name: sso
          type: ExternalAuth
          externalAuth:
            protocol: HTTP
            backendRef: { name: sso, port: 8080 }
            http: { path: /oauth2/auth, allowedResponseHeaders: [X-Auth-Request-User] }
            timeout: 1s
`;
}
