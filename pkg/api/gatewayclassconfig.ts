/** GatewayClassConfig: what holds for every Gateway and Ingress of a class. Referred to by parametersRef of GatewayClass and parameters of IngressClass. */
import { Type } from 'typebox';
import { clientAddressFields, clientAddressRules } from './client-words.ts';
import type { KubeObject } from './object.ts';
import { type Policies, policiesSchema } from './policies.ts';
import {
  celRules,
  choice,
  cidr,
  duration,
  hostnamePattern,
  integer,
  list,
  namespaceName,
  objectName,
  size,
  text,
  textMap,
  type ValueOf,
} from './schema.ts';

const optional = Type.Optional;

/** Names in an access-log line; `telemetry/access-line.ts` writes them. */
export const ACCESS_LOG_FIELDS = [
  'time',
  'clientAddress',
  'method',
  'scheme',
  'host',
  'path',
  'query',
  'protocol',
  'status',
  'flag',
  'requestId',
  'requestBytes',
  'responseBytes',
  'duration',
  'upstreamDuration',
  'attempts',
  'route',
  'rule',
  'listener',
  'cluster',
  'endpoint',
  'userAgent',
  'identity',
  'tenant',
  'authMethod',
  'shadow',
] as const;

/** Words of `gatewayMayOverride`, one for each field of `service`. */
export const OVERRIDABLE = [
  'ServiceType',
  'LoadBalancerClass',
  'ExternalTrafficPolicy',
  'IPFamilyPolicy',
  'ServiceLabels',
  'ServiceAnnotations',
] as const;

const accessLogSchema = Type.Object(
  {
    fields: optional(
      list(choice(ACCESS_LOG_FIELDS, 'Name of a field.'), 64, 'Fields to write, in this order; absent: all.'),
    ),
    samplingPercent: optional(integer(0, 100, 'Share of the successful requests that is written; a 5xx always is.')),
    redact: optional(
      list(
        text(128, 'Name.'),
        64,
        'Headers and query parameters whose values are not written, beside `access_token`, `su-signature` and those that a policy takes credentials from.',
      ),
    ),
  },
  { description: 'The access log.' },
);

const limitsSchema = Type.Object(
  {
    headerSize: optional(size('Head of a request or response; a longer one is 431.')),
    headerCount: optional(integer(1, 10_000, 'Header lines; more are 431.')),
    urlLength: optional(integer(16, 1_048_576, 'Bytes of the request target; a longer one is 414.')),
    bodySize: optional(size('Request body; a longer one is 413. 0 for no limit.')),
    connections: optional(integer(1, 1_000_000, 'Open client connections per worker.')),
    connectionsPerListener: optional(integer(1, 1_000_000, 'Open client connections per worker and listener.')),
    requestsPerConnection: optional(
      integer(1, 1_000_000_000, 'Then the connection is closed, so that load evens out.'),
    ),
    connectionAge: optional(
      duration(
        'Client connections older than this, less up to a tenth, are closed between two requests; default 10m, 0s for no limit.',
      ),
    ),
    replaySize: optional(size('Bytes of a request body kept for a retry or mirror.')),
  },
  { description: 'What a client may ask for.' },
);

const timeoutsSchema = Type.Object(
  {
    handshake: optional(duration('TLS handshake.')),
    header: optional(duration('From the first byte of a head to its end.')),
    body: optional(duration('Between two reads of a request body.')),
    idle: optional(duration('A keep-alive connection without a request.')),
    tunnel: optional(duration('A WebSocket or other tunnel without a byte in either direction.')),
    write: optional(duration('A client that takes no byte of its response.')),
    minBodyRate: optional(
      size(
        'Bytes per second that a request body must bring, measured over the time of `body`; default 240, 0 for none.',
      ),
    ),
  },
  { description: 'How long the gateway waits for a client.' },
);

const headersSchema = Type.Object(
  {
    underscores: optional(
      choice(['Reject', 'Drop', 'Allow'], 'Header names with `_`, which many backends read as `-`.'),
    ),
    via: optional(Type.Boolean({ description: 'Add the gateway to Via.' })),
    forwarded: optional(Type.Boolean({ description: 'Send Forwarded (RFC 7239) beside X-Forwarded-*.' })),
    server: optional(
      text(128, 'Server header of answers that the gateway gives itself.', { pattern: '^[!-~]+( [!-~]+)*$' }),
    ),
  },
  { description: 'How headers are handled.' },
);

const pathSchema = Type.Object(
  {
    escapedSlashes: optional(
      choice(['Separate', 'Data', 'Reject'], 'What `%2F` is to matching: a slash, data, or a reason for 400.'),
    ),
    mergeSlashes: optional(Type.Boolean({ description: 'Whether `//` matches as `/`.' })),
    parameters: optional(
      choice(
        ['RejectAmbiguous', 'Data', 'Ignore', 'Reject'],
        'What `;x=1` behind a segment is to matching: a reason for 400 where the path without it is served by another rule (default), data, nothing (it is forwarded all the same), or a reason for 400.',
      ),
    ),
    doubleEscapes: optional(
      choice(
        ['RejectAmbiguous', 'Data', 'Reject'],
        'What `%2561`, an escape behind an escape, is to matching: a reason for 400 where the path decoded once more is served by another rule (default), data, or a reason for 400.',
      ),
    ),
  },
  { description: 'How paths are made canonical before they are matched.' },
);

const clientSchema = Type.Object(
  {
    ...clientAddressFields,
    halfClose: optional(
      choice(['Cancel', 'Answer'], 'What a FIN means while the response is pending: give up, or answer anyway.'),
    ),
  },
  { description: 'Who the client is.', ...celRules(...clientAddressRules) },
);

const redisSchema = Type.Object(
  {
    urls: list(
      text(256, '`redis://host:port/database`, or `rediss://` for TLS, without credentials.', {
        pattern: '^rediss?://([a-zA-Z0-9._-]+|\\[[0-9a-fA-F:.]+\\])(:[0-9]{1,5})?(/[0-9]{1,2})?$',
      }),
      8,
      'Servers that hold the same data, by full names (redis.infra.svc.cluster.local) or addresses: the first that answers is used, and the next when it takes no writes.',
      { minItems: 1 },
    ),
    auth: optional(
      Type.Object(
        { name: objectName('Name of the Secret.') },
        { description: 'Secret of the same namespace with the key password and, for a user of its own, username.' },
      ),
    ),
    tls: optional(
      Type.Object(
        {
          caCertificateRef: Type.Object(
            {
              kind: choice(['ConfigMap', 'Secret'], 'What holds the bundle.'),
              name: objectName('Name of the object, in the namespace of this one.'),
            },
            { description: 'CA bundle under the key ca.crt, instead of the CAs of the system.' },
          ),
        },
        { description: 'How the certificate of a rediss:// server is checked.' },
      ),
    ),
  },
  {
    description: 'Redis, for what must hold across pods: sessions, API keys, global limits.',
    ...celRules({
      rule: "!has(self.tls) || self.urls.all(url, url.startsWith('rediss://'))",
      message: 'tls needs rediss:// in every url',
    }),
  },
);

const dataPlaneSchema = Type.Object(
  {
    workers: optional(
      text(4, 'Worker threads, Auto or "1" to "256". Not acted on by this release: start the gateway with --workers.', {
        pattern: '^(Auto|[1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-6])$',
      }),
    ),
    exposure: optional(
      choice(
        ['SharedService', 'HostNetwork'],
        'How clients reach the Gateways of the class in a cluster. SharedService (default): each by a Service of its own. HostNetwork: listeners bind their ports on the nodes of the gateway pods, which have to run with hostNetwork.',
      ),
    ),
    accessLog: optional(accessLogSchema),
    limits: optional(limitsSchema),
    timeouts: optional(timeoutsSchema),
    headers: optional(headersSchema),
    path: optional(pathSchema),
    client: optional(clientSchema),
    redis: optional(redisSchema),
  },
  { description: 'The proxies.' },
);

const serviceSchema = Type.Object(
  {
    type: optional(
      choice(['LoadBalancer', 'NodePort', 'ClusterIP'], 'Type of the Service of a Gateway; default LoadBalancer.'),
    ),
    loadBalancerClass: optional(
      text(253, 'Which load balancer implementation serves it; absent: that of the cluster. Cannot be changed later.'),
    ),
    externalTrafficPolicy: optional(
      choice(
        ['Cluster', 'Local'],
        'Local keeps the address of the client, and sends nothing to nodes without a gateway pod; default Cluster.',
      ),
    ),
    ipFamilyPolicy: optional(
      choice(
        ['SingleStack', 'PreferDualStack', 'RequireDualStack'],
        'Whether it has an IPv4 and an IPv6 address; absent: as the cluster has it.',
      ),
    ),
    labels: optional(textMap(63, 'Labels of the Service.')),
    annotations: optional(textMap(4096, 'Annotations of the Service, as load balancers ask for them.')),
  },
  { description: 'The Service in front of each Gateway. Not asked in a directory, nor with HostNetwork.' },
);

const ingressSchema = Type.Object(
  {
    gatewayRef: optional(
      Type.Object(
        {
          name: objectName('Name of the Gateway.'),
          namespace: optional(namespaceName('Its namespace; absent: that of this object.')),
        },
        {
          description:
            'Ingresses of the class behave as if attached to this Gateway; absent: to a synthetic one on ports 80 and 443.',
        },
      ),
    ),
    sslRedirect: choice(
      ['WhenTLS', 'Always', 'Never'],
      'Whether HTTP is redirected (308) to HTTPS. /.well-known/acme-challenge/ never is.',
      { default: 'WhenTLS' },
    ),
    unsupportedAnnotations: choice(
      ['RejectSecurity', 'RejectAll', 'Ignore'],
      'Which annotations that are not implemented make an Ingress answer 503 instead of being served without them.',
      { default: 'RejectSecurity' },
    ),
  },
  { description: 'Where and how an Ingress is served.' },
);

const egressSchema = Type.Object(
  {
    backendTypes: optional(
      list(
        choice(['ExternalHostname', 'Service', 'Static', 'UnixSocket'], 'Type of Backend.'),
        8,
        'Types of Backend that may be used. Absent: Service only, and all of them in a directory.',
      ),
    ),
    deniedCIDRs: optional(
      list(
        cidr('CIDR.'),
        64,
        'Never connected to; added to loopback, link-local, metadata and the cluster’s own addresses.',
      ),
    ),
    allowedHostnames: optional(
      list(
        hostnamePattern('`api.example.com` or `*.example.com`.'),
        64,
        'External names that may be used; absent: all.',
      ),
    ),
  },
  { description: 'What the gateway may connect to because an object says so.' },
);

export const gatewayClassConfigSpecSchema = Type.Object(
  {
    dataPlane: optional(dataPlaneSchema),
    service: optional(serviceSchema),
    gatewayMayOverride: optional(
      list(
        choice(OVERRIDABLE, 'Field of `service`.'),
        8,
        'What a Gateway may set for itself by a GatewayClassConfig of its own namespace (spec.infrastructure.parametersRef). Absent: nothing.',
      ),
    ),
    ingress: optional(ingressSchema),
    egress: optional(egressSchema),
    defaults: optional(
      Type.Object(
        { policies: optional(policiesSchema) },
        { description: 'Policies of the lowest rank, for every Gateway and Ingress of the class.' },
      ),
    ),
  },
  { description: 'Settings of a class.' },
);

export type GatewayClassConfigSpec = Omit<ValueOf<typeof gatewayClassConfigSpecSchema>, 'defaults'> & {
  readonly defaults?: { readonly policies?: Policies };
};

export interface GatewayClassConfig extends KubeObject {
  readonly kind: 'GatewayClassConfig';
  readonly spec: GatewayClassConfigSpec;
}
