/** The core kinds: defaults and rules of the API server. */
import { describe, expect, test } from '@jest/globals';
import { validateObject } from './validate.ts';

const GROUPS: Record<string, string> = {
  Ingress: 'networking.k8s.io/v1',
  IngressClass: 'networking.k8s.io/v1',
  EndpointSlice: 'discovery.k8s.io/v1',
};

const object = (kind: string, body: object) => ({
  apiVersion: GROUPS[kind] ?? 'v1',
  kind,
  metadata: { name: 'x' },
  ...body,
});

function valid(kind: string, body: object): Record<string, unknown> {
  const result = validateObject(object(kind, body));
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = result.object;
  return rest;
}

const service = { name: 'a', port: { number: 80 } };
const ingress = (paths: object[]) => ({ spec: { rules: [{ host: 'a.example.com', http: { paths } }] } });
const path = (value: string, pathType = 'Prefix') => ingress([{ path: value, pathType, backend: { service } }]);
const at = 'spec.rules[0].http.paths[0]';

describe('defaults', () => {
  test.each<[string, object, object]>([
    [
      'Service',
      {
        spec: { selector: { app: 'a' }, ports: [{ port: 80, nodePort: 30080 }], ipFamilies: ['IPv4'] },
        status: { conditions: [], loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } },
      },
      {
        spec: {
          type: 'ClusterIP',
          sessionAffinity: 'None',
          selector: { app: 'a' },
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30080 }],
        },
        status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
      },
    ],
    [
      'EndpointSlice',
      {
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'], targetRef: { kind: 'Pod' } }],
        ports: [{ port: 80 }],
      },
      {
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'], conditions: {} }],
        ports: [{ name: '', port: 80, protocol: 'TCP' }],
      },
    ],
    [
      'EndpointSlice',
      { addressType: 'IPv6', endpoints: null, ports: null },
      { addressType: 'IPv6', endpoints: [], ports: [] },
    ],
    ['Secret', {}, { type: 'Opaque', data: {} }],
    [
      'Secret',
      { data: { a: 'YQ==' }, stringData: { a: 'b', c: 'ü' } },
      { type: 'Opaque', data: { a: 'Yg==', c: 'w7w=' } },
    ],
    ['ConfigMap', { data: { a: 'b' } }, { data: { a: 'b' }, binaryData: {} }],
    [
      'IngressClass',
      { spec: { controller: 'a/b', parameters: { kind: 'K', name: 'n' } } },
      { spec: { controller: 'a/b', parameters: { kind: 'K', name: 'n', scope: 'Cluster' } } },
    ],
    ['Namespace', { spec: { finalizers: ['kubernetes'] } }, {}],
    ['Ingress', { spec: { defaultBackend: { service } } }, { spec: { defaultBackend: { service } } }],
  ])('%s', (kind, body, expected) => {
    expect(valid(kind, body)).toEqual(expected);
  });

  test('a Secret key named __proto__ is data like any other', () => {
    const data = JSON.parse('{"__proto__":"YQ=="}') as object;
    const result = valid('Secret', { data })['data'] as object;
    expect([Object.keys(result), Object.getPrototypeOf(result) === Object.prototype]).toEqual([['__proto__'], true]);
  });
});

describe('rules', () => {
  test.each<[string, string, object, string]>([
    ['Ingress', 'without rules and backend', { spec: {} }, 'spec'],
    ['Ingress', 'with a host and port', { spec: { rules: [{ host: 'a:80' }] } }, 'spec.rules[0].host'],
    ['Ingress', 'with an address as host', { spec: { rules: [{ host: '10.0.0.1' }] } }, 'spec.rules[0].host'],
    ['Ingress', 'with a bad TLS host', { spec: { rules: [{}], tls: [{ hosts: ['*.*.a'] }] } }, 'spec.tls[0].hosts[0]'],
    ['Ingress', 'without pathType', ingress([{ path: '/', backend: { service } }]), `${at}.pathType`],
    ['Ingress', 'without paths', ingress([]), 'spec.rules[0].http.paths'],
    ['Ingress', 'with a relative path', path('a'), `${at}.path`],
    ['Ingress', 'with a dot segment', path('/a/../b', 'Exact'), `${at}.path`],
    ['Ingress', 'with a relative free path', path('a', 'ImplementationSpecific'), `${at}.path`],
    [
      'Ingress',
      'with an empty backend',
      ingress([{ pathType: 'ImplementationSpecific', backend: {} }]),
      `${at}.backend`,
    ],
    [
      'Ingress',
      'with two backends',
      { spec: { defaultBackend: { service, resource: { kind: 'Backend', name: 'b' } } } },
      'spec.defaultBackend',
    ],
    [
      'Ingress',
      'without a port',
      { spec: { defaultBackend: { service: { name: 'a' } } } },
      'spec.defaultBackend.service.port',
    ],
    [
      'Ingress',
      'with two ports',
      { spec: { defaultBackend: { service: { name: 'a', port: { name: 'http', number: 80 } } } } },
      'spec.defaultBackend.service.port',
    ],
    [
      'IngressClass',
      'scoped without a namespace',
      { spec: { parameters: { kind: 'K', name: 'n', scope: 'Namespace' } } },
      'spec.parameters.namespace',
    ],
    [
      'IngressClass',
      'cluster-scoped with a namespace',
      { spec: { parameters: { kind: 'K', name: 'n', namespace: 'a' } } },
      'spec.parameters.namespace',
    ],
    ['Service', 'without ports', { spec: {} }, 'spec.ports'],
    [
      'Service',
      'with unnamed ports',
      { spec: { ports: [{ port: 80 }, { port: 81, name: 'b' }] } },
      'spec.ports[0].name',
    ],
    [
      'Service',
      'with one name twice',
      {
        spec: {
          ports: [
            { port: 80, name: 'b' },
            { port: 81, name: 'b' },
          ],
        },
      },
      'spec.ports[1].name',
    ],
    [
      'Service',
      'with one port twice',
      {
        spec: {
          ports: [
            { port: 80, name: 'a' },
            { port: 80, name: 'b' },
          ],
        },
      },
      'spec.ports[1].port',
    ],
    ['Service', 'ExternalName without a name', { spec: { type: 'ExternalName' } }, 'spec.externalName'],
    [
      'EndpointSlice',
      'with a name for an address',
      { addressType: 'IPv4', endpoints: [{ addresses: ['a.b'] }] },
      'endpoints[0].addresses[0]',
    ],
    [
      'EndpointSlice',
      'with an address of the other family',
      { addressType: 'IPv6', endpoints: [{ addresses: ['10.0.0.1'] }] },
      'endpoints[0].addresses[0]',
    ],
    [
      'EndpointSlice',
      'with one port name twice',
      { addressType: 'IPv4', ports: [{ port: 1 }, { port: 2 }] },
      'ports[1]',
    ],
    ['EndpointSlice', 'without an addressType', {}, 'addressType'],
    ['Secret', 'with a text that is not base64', { data: { a: 'not base64!' } }, 'data.a'],
    ['Secret', 'with a bad key', { stringData: { 'a/b': 'c' } }, 'data["a/b"]'],
    [
      'Secret',
      'of type tls without a key',
      { type: 'kubernetes.io/tls', data: { 'tls.crt': 'YQ==' } },
      'data["tls.key"]',
    ],
    ['ConfigMap', 'with a key twice', { data: { a: 'b' }, binaryData: { a: 'YQ==' } }, 'binaryData.a'],
    ['ConfigMap', 'with a number', { data: { a: 1 } }, 'data.a'],
  ])('%s %s is refused', (kind, _name, body, where) => {
    const result = validateObject(object(kind, body));
    expect('problems' in result && result.problems.map((problem) => problem.path)).toEqual([where]);
  });

  test.each<[string, object]>([
    ['text that is not base64', { data: { password: 'hunter2!' } }],
    ['text in place of a map', { stringData: 'hunter2' }],
    ['list', { stringData: { password: ['hunter2'] } }],
  ])('a message never repeats what stands in a Secret: %s', (_name, body) => {
    const result = validateObject(object('Secret', body));
    expect(result).toHaveProperty('problems');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  test('a number in a Secret is not repeated either', () => {
    expect(validateObject(object('Secret', { stringData: { pin: 4711 } }))).toEqual({
      problems: [{ path: 'stringData.pin', message: 'must be text', hint: 'put it in quotes' }],
    });
  });

  test.each([
    ['a headless Service without ports', 'Service', { spec: { clusterIP: 'None' } }],
    [
      'a Service port by the name of a container port',
      'Service',
      { spec: { ports: [{ port: 80, targetPort: 'http' }] } },
    ],
    [
      'one port number for TCP and UDP',
      'Service',
      {
        spec: {
          ports: [
            { port: 53, name: 'a' },
            { port: 53, name: 'b', protocol: 'UDP' },
          ],
        },
      },
    ],
    ['an Ingress rule without paths', 'Ingress', { spec: { rules: [{ host: '*.example.com' }] } }],
    [
      'an endpoint on loopback, which the egress guard judges',
      'EndpointSlice',
      { addressType: 'IPv4', endpoints: [{ addresses: ['127.0.0.1'] }] },
    ],
    ['base64 with line breaks', 'Secret', { data: { a: 'YWFh\nYWFh\n' } }],
  ])('%s is accepted', (_name, kind, body) => {
    expect(() => valid(kind, body)).not.toThrow();
  });
});
