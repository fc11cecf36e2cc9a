/** Structural schemas of the core kinds, with the defaults of the API server (Kubernetes 1.37); written by hand, they have no CRDs. */
import type { StructuralSchema } from './structural.ts';

type Properties = Readonly<Record<string, StructuralSchema>>;

const UNREAD: StructuralSchema = { unread: true };
const TEXT: StructuralSchema = { type: 'string' };
const TEXTS: StructuralSchema = { type: 'array', items: TEXT };
const BOOLEAN: StructuralSchema = { type: 'boolean' };
const PORT: StructuralSchema = { type: 'integer', minimum: 1, maximum: 65535 };

function object(properties: Properties, required: readonly string[] = []): StructuralSchema {
  return { type: 'object', properties, required };
}

function list(items: StructuralSchema, more: Partial<StructuralSchema> = {}): StructuralSchema {
  return { type: 'array', items, ...more };
}

function choice(values: readonly string[], initial?: string): StructuralSchema {
  return { type: 'string', enum: values, ...(initial === undefined ? {} : { default: initial }) };
}

function unread(...names: readonly string[]): Properties {
  return Object.fromEntries(names.map((name) => [name, UNREAD]));
}

const texts: StructuralSchema = { type: 'object', additionalProperties: TEXT };

const ingressBackend = object({
  service: object({ name: TEXT, port: object({ name: TEXT, number: PORT }) }, ['name']),
  resource: object({ apiGroup: TEXT, kind: TEXT, name: TEXT }, ['kind', 'name']),
});

const ingressPath = object(
  { path: TEXT, pathType: choice(['Exact', 'Prefix', 'ImplementationSpecific']), backend: ingressBackend },
  ['pathType', 'backend'],
);

export const ingress = object({
  spec: {
    ...object({
      ingressClassName: TEXT,
      defaultBackend: ingressBackend,
      tls: list(object({ hosts: TEXTS, secretName: TEXT })),
      rules: list(object({ host: TEXT, http: object({ paths: list(ingressPath, { minItems: 1 }) }, ['paths']) })),
    }),
    default: {},
  },
});

export const ingressClass = object({
  spec: {
    ...object({
      controller: { type: 'string', maxLength: 250 },
      parameters: object(
        { apiGroup: TEXT, kind: TEXT, name: TEXT, scope: choice(['Cluster', 'Namespace'], 'Cluster'), namespace: TEXT },
        ['kind', 'name'],
      ),
    }),
    default: {},
  },
});

const protocol = choice(['TCP', 'UDP', 'SCTP'], 'TCP');

const servicePort = object(
  {
    name: { type: 'string', maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' },
    protocol,
    port: PORT,
    targetPort: { 'x-kubernetes-int-or-string': true, minimum: 1, maximum: 65535, minLength: 1, maxLength: 15 },
    appProtocol: TEXT,
    nodePort: { type: 'integer', minimum: 0, maximum: 65535 },
  },
  ['port'],
);

export const service = object({
  spec: {
    ...object({
      type: choice(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], 'ClusterIP'),
      clusterIP: TEXT,
      clusterIPs: TEXTS,
      externalName: TEXT,
      ports: list(servicePort),
      selector: texts,
      publishNotReadyAddresses: BOOLEAN,
      sessionAffinity: choice(['None', 'ClientIP'], 'None'),
      ...unread(
        'externalIPs',
        'loadBalancerIP',
        'loadBalancerSourceRanges',
        'externalTrafficPolicy',
        'healthCheckNodePort',
        'sessionAffinityConfig',
        'ipFamilies',
        'ipFamilyPolicy',
        'allocateLoadBalancerNodePorts',
        'loadBalancerClass',
        'internalTrafficPolicy',
        'trafficDistribution',
      ),
    }),
    default: {},
  },
  status: object({
    loadBalancer: object({ ingress: list(object({ ip: TEXT, hostname: TEXT, ...unread('ipMode', 'ports') })) }),
    ...unread('conditions'),
  }),
});

const sliceEndpoint = object(
  {
    addresses: list(TEXT, { minItems: 1, maxItems: 100 }),
    conditions: { ...object({ ready: BOOLEAN, serving: BOOLEAN, terminating: BOOLEAN }), default: {} },
    hostname: TEXT,
    nodeName: TEXT,
    zone: TEXT,
    ...unread('targetRef', 'deprecatedTopology', 'hints'),
  },
  ['addresses'],
);

const slicePort = object({
  name: { type: 'string', maxLength: 63, default: '' },
  protocol,
  port: PORT,
  appProtocol: TEXT,
});

export const endpointSlice = object(
  {
    addressType: choice(['IPv4', 'IPv6', 'FQDN']),
    endpoints: list(sliceEndpoint, { maxItems: 1000, default: [] }),
    ports: list(slicePort, {
      maxItems: 20_000,
      default: [],
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  },
  ['addressType'],
);

export const secret = object({
  type: { type: 'string', default: 'Opaque' },
  data: { ...texts, default: {} },
  stringData: texts,
  ...unread('immutable'),
});

export const configMap = object({
  data: { ...texts, default: {} },
  binaryData: { ...texts, default: {} },
  ...unread('immutable'),
});

export const namespace = object(unread('spec'));
