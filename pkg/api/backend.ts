/** Backend: how the gateway connects to what a Service cannot describe. Aligned with Gateway API's XBackend (GEP-4894). */
import { Type } from 'typebox';
import type { KubeObject } from './object.ts';
import {
  celRules,
  choice,
  hostname,
  hostnamePattern,
  integer,
  list,
  objectName,
  port,
  text,
  type ValueOf,
} from './schema.ts';

const TYPES = ['ExternalHostname', 'Service', 'Static', 'UnixSocket'] as const;

/** "Same both ways": a member is there exactly if `type` names it. */
function memberRule(type: (typeof TYPES)[number], member: string) {
  return {
    rule: `self.type == '${type}' ? has(self.${member}) : !has(self.${member})`,
    message: `${member} must be set when type is ${type}, and only then`,
  };
}

const endpointSchema = Type.Object({
  address: Type.String({
    minLength: 1,
    maxLength: 45,
    pattern: '^[0-9a-fA-F.:]+$',
    description: 'IPv4 or IPv6 address.',
    ...celRules({ rule: 'isIP(self)', message: 'must be an IP address' }),
  }),
  port: port('Port of this endpoint.'),
  weight: integer(0, 1000, 'Share of the requests among the endpoints; 0 takes none.', { default: 1 }),
});

const secretRefSchema = Type.Object(
  {
    group: Type.String({ maxLength: 253, default: '', description: 'API group; empty for the core group.' }),
    kind: text(63, 'Secret, or ConfigMap where a CA bundle is meant.'),
    name: objectName('Name of the object, in the namespace of the Backend.'),
  },
  { description: 'An object of the same namespace.' },
);

const subjectAltNameSchema = Type.Object(
  {
    type: choice(['Hostname', 'URI'], 'Which member is compared.'),
    hostname: Type.Optional(hostnamePattern('DNS name in the certificate.')),
    uri: Type.Optional(text(253, 'URI in the certificate.', { pattern: '^[^:/?#]+://?[^\\s]*$' })),
  },
  celRules(
    {
      rule: "self.type == 'Hostname' ? has(self.hostname) : !has(self.hostname)",
      message: 'hostname must be set when type is Hostname, and only then',
    },
    {
      rule: "self.type == 'URI' ? has(self.uri) : !has(self.uri)",
      message: 'uri must be set when type is URI, and only then',
    },
  ),
);

const validationSchema = Type.Object(
  {
    hostname: hostname('SNI, and the name that the certificate must be for.'),
    wellKnownCACertificates: Type.Optional(choice(['System'], 'Trust the CAs of the system.')),
    caCertificateRefs: Type.Optional(
      list(secretRefSchema, 8, 'ConfigMaps or Secrets with the CA bundle under the key ca.crt.'),
    ),
    subjectAltNames: Type.Optional(
      list(subjectAltNameSchema, 5, 'One of these must be in the certificate, instead of hostname.'),
    ),
  },
  {
    description: 'How the certificate of the backend is checked.',
    ...celRules({
      rule: 'has(self.wellKnownCACertificates) != (has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0)',
      message: 'exactly one of wellKnownCACertificates and caCertificateRefs must be set',
    }),
  },
);

const tlsSchema = Type.Object(
  {
    mode: choice(
      ['None', 'ServerOnly', 'ClientAndServer'],
      'None is plaintext; ServerOnly checks the backend; ClientAndServer shows it a certificate, too.',
    ),
    clientCertificateRef: Type.Optional(
      Type.Object(
        {
          group: Type.String({ maxLength: 253, default: '', description: 'API group; empty for the core group.' }),
          kind: choice(['Secret'], 'Always Secret.', { default: 'Secret' }),
          name: objectName('Name of a Secret of type kubernetes.io/tls in the namespace of the Backend.'),
        },
        { description: 'The certificate that the gateway shows.' },
      ),
    ),
    validation: Type.Optional(validationSchema),
  },
  {
    description: 'TLS from the gateway to the backend. BackendTLSPolicy may not target a Backend: it is all said here.',
    ...celRules(
      {
        rule: "self.mode == 'ClientAndServer' ? has(self.clientCertificateRef) : !has(self.clientCertificateRef)",
        message: 'clientCertificateRef must be set when mode is ClientAndServer, and only then',
      },
      {
        rule: "self.mode == 'None' ? !has(self.validation) : has(self.validation)",
        message: 'validation must be set unless mode is None',
      },
    ),
  },
);

export const backendSpecSchema = Type.Object(
  {
    type: choice(TYPES, 'What the endpoints are. Immutable.'),
    port: Type.Optional(
      Type.Object(
        { port: port('Port number.') },
        { description: 'Port of an ExternalHostname or Service; a Static endpoint has its own, a UnixSocket none.' },
      ),
    ),
    protocol: choice(['HTTP', 'HTTP11'], 'HTTP lets the gateway choose the version; HTTP11 is HTTP/1.1 only.', {
      default: 'HTTP',
    }),
    externalHostname: Type.Optional(
      Type.Object(
        { hostname: hostname('Resolved by DNS. Not an IP address and not a name of the cluster.') },
        { description: 'A DNS name outside the cluster.' },
      ),
    ),
    service: Type.Optional(
      Type.Object({ name: objectName('Name of the Service.') }, { description: 'A Service of the same namespace.' }),
    ),
    static: Type.Optional(
      Type.Object(
        { endpoints: list(endpointSchema, 64, 'The endpoints.', { minItems: 1 }) },
        { description: 'Fixed addresses.' },
      ),
    ),
    unixSocket: Type.Optional(
      Type.Object(
        { path: text(107, 'Absolute path of the socket.', { pattern: '^/[^\\x00]*$' }) },
        { description: 'A unix socket on the machine of the gateway. In a directory only, never in a cluster.' },
      ),
    ),
    tls: Type.Optional(tlsSchema),
    loadBalancer: Type.Optional(
      Type.Object(
        { type: choice(['RoundRobin', 'LeastRequest'], 'How an endpoint is chosen.') },
        { description: 'How requests are spread over the endpoints.' },
      ),
    ),
    lane: choice(
      ['Auto', 'Undici'],
      'What carries requests: Auto takes the fast lane for plaintext HTTP/1.1; Undici always takes the general client.',
      { default: 'Auto' },
    ),
    limits: Type.Optional(
      Type.Object(
        {
          maxConnections: Type.Optional(integer(1, 1_000_000, 'Connections per worker and endpoint.')),
          maxPendingRequests: Type.Optional(
            integer(0, 1_000_000, 'Requests per worker that wait for a connection; one more is answered 503.'),
          ),
        },
        { description: 'What the backend can bear.' },
      ),
    ),
  },
  {
    description: 'What the backend is and how to connect to it.',
    ...celRules(
      memberRule('ExternalHostname', 'externalHostname'),
      memberRule('Service', 'service'),
      memberRule('Static', 'static'),
      memberRule('UnixSocket', 'unixSocket'),
      {
        rule: "self.type in ['ExternalHostname', 'Service'] ? has(self.port) : !has(self.port)",
        message: 'port must be set when type is ExternalHostname or Service, and only then',
      },
      {
        rule: "!has(self.externalHostname) || !(self.externalHostname.hostname.endsWith('.cluster.local') || self.externalHostname.hostname.matches('^[0-9.]+$'))",
        message: 'externalHostname.hostname must not be an IP address or end with .cluster.local',
      },
      { rule: 'self.type == oldSelf.type', message: 'type is immutable' },
    ),
  },
);

export type BackendSpec = ValueOf<typeof backendSpecSchema>;

export interface Backend extends KubeObject {
  readonly kind: 'Backend';
  readonly spec: BackendSpec;
}
