/** What the access log must not hold follows from what policies read. */
import { expect, test } from '@jest/globals';
import { readCase } from '../testkit/golden.ts';
import { translate } from '../translate/translate.ts';

const head = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec: { controllerName: gateway.suuupra.io/controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec: { gatewayClassName: suuupra, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: keys, namespace: infra }
data: { jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}' }
---
apiVersion: v1
kind: Secret
metadata: { name: client, namespace: infra }
stringData: { secret: not-a-secret }
---
apiVersion: v1
kind: Service
metadata: { name: api, namespace: infra }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: api, namespace: infra }
spec: { parentRefs: [{ name: public }], rules: [{ backendRefs: [{ name: api, port: 80 }] }] }
`;

function redacted(method: string, mode = 'Enforce'): readonly string[] {
  const { snapshot, options } = readCase(`${head}---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: login, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public }]
  policies: { authentication: { mode: ${mode}, methods: [${method}] } }
`);
  const { ir, statuses } = translate(snapshot, options);
  const conditions = statuses.find(({ ref }) => ref.kind === 'GatewayPolicy')?.status['conditions'];
  expect(conditions).toContainEqual(expect.objectContaining({ type: 'Accepted', status: 'True' }));
  return ir.settings.default.accessLog.redact;
}

const localJWKS = 'localJWKS: { type: ValueRef, valueRef: { name: keys, key: jwks } }';

test.each([
  ['JWT', `{ name: a, type: JWT, jwt: { ${localJWKS}, extractFrom: { params: [jwt] } } }`, ['jwt']],
  [
    'API key',
    '{ name: a, type: APIKey, apiKey: { selector: {}, extractFrom: { params: [key, apikey] } } }',
    ['apikey', 'key'],
  ],
  [
    'introspection',
    `{ name: a, type: Introspection, introspection: { endpoint: { uri: "https://login.example.com/introspect" }, clientID: gw,
       clientSecret: { name: client, key: secret }, extractFrom: { params: [opaque] } } }`,
    ['opaque'],
  ],
  ['a header', `{ name: a, type: JWT, jwt: { ${localJWKS} } }`, []],
])('the parameters of a policy: %s', (_, method, names) => {
  expect([...redacted(method)].sort()).toEqual([...names, 'access_token', 'su-signature'].sort());
});

test('in mode Shadow, too', () => {
  expect(
    redacted('{ name: a, type: APIKey, apiKey: { selector: {}, extractFrom: { params: [key] } } }', 'Shadow'),
  ).toContain('key');
});
