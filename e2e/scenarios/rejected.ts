/** Objects of our kinds that the API server refuses when they are applied, each with what it says. Data of crds.test.ts. */

export interface Rejected {
  readonly name: string;
  readonly kind: 'GatewayRoute' | 'Backend' | 'GatewayClassConfig' | 'APIKey';
  readonly spec: object;
  /** Part of the message, with the path of the field. */
  readonly message: string;
}

const rule = (more: object) => ({ rules: [more] });
const filter = (more: object) => rule({ filters: [more] });
const direct = { type: 'DirectResponse', directResponse: { statusCode: 200 } };
const regex = { pattern: '^/v1', substitution: '/' };
const backendRef = { name: 'shop', port: 80 };
const route = (name: string, spec: object, message: string): Rejected => ({
  name,
  kind: 'GatewayRoute',
  spec,
  message,
});
const backend = (name: string, spec: object, message: string): Rejected => ({ name, kind: 'Backend', spec, message });
const config = (name: string, spec: object, message: string): Rejected => ({
  name,
  kind: 'GatewayClassConfig',
  spec,
  message,
});

const apiKey = (name: string, more: object, message: string): Rejected => ({
  name,
  kind: 'APIKey',
  spec: { subject: 'partner', keys: [{ id: 'k7f3', hash: `sha256:${'0'.repeat(64)}`, ...more }] },
  message,
});

const external = {
  type: 'ExternalHostname',
  port: { port: 443 },
  externalHostname: { hostname: 'api.billing.example' },
};
const tls = (more: object) => ({ ...external, tls: more });
const san = (more: object) =>
  tls({
    mode: 'ServerOnly',
    validation: { hostname: 'api.example', wellKnownCACertificates: 'System', subjectAltNames: [more] },
  });

export const rejected: readonly Rejected[] = [
  route(
    'two bodies',
    filter({ ...direct, directResponse: { statusCode: 200, body: 'a', bodyRef: { name: 'a', key: 'b' } } }),
    'spec.rules[0].filters[0].directResponse: Invalid value: only one of body and bodyRef may be set',
  ),
  route(
    'a direct response of another type',
    filter({ type: 'CORS', cors: {}, directResponse: { statusCode: 200 } }),
    'directResponse must be set when type is DirectResponse, and only then',
  ),
  route(
    'two direct responses',
    rule({ filters: [direct, direct] }),
    'spec.rules[0].filters: Invalid value: DirectResponse filter cannot be repeated',
  ),
  route(
    'a rewrite by regular expression without one',
    filter({ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceRegularExpression' } } }),
    'replaceRegularExpression must be set when type is ReplaceRegularExpression, and only then',
  ),
  route(
    'a rewrite of another type with a regular expression',
    filter({
      type: 'URLRewrite',
      urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/', replaceRegularExpression: regex } },
    }),
    'replaceRegularExpression must be set when type is ReplaceRegularExpression, and only then',
  ),
  route(
    'a path with a space',
    rule({ matches: [{ path: { type: 'Exact', value: '/a b' } }] }),
    "must only contain letters, digits and -/._~!$&'()*+,;=:@% for types ['Exact', 'PathPrefix']",
  ),
  route(
    'a percent sign without its digits',
    rule({ matches: [{ path: { type: 'PathPrefix', value: '/a%2' } }] }),
    'must have two hexadecimal digits after every %',
  ),
  route(
    'a redirect with backendRefs',
    rule({ filters: [{ type: 'RequestRedirect', requestRedirect: {} }], backendRefs: [backendRef] }),
    'RequestRedirect filter must not be used together with backendRefs',
  ),
  route('a Service without a port', rule({ backendRefs: [{ name: 'shop' }] }), 'Must have port for Service reference'),
  route(
    'a priority above 7',
    rule({ backendRefs: [{ ...backendRef, priority: 8 }] }),
    'spec.rules[0].backendRefs[0].priority: Invalid value: 8: spec.rules[0].backendRefs[0].priority in body should be less than or equal to 7',
  ),
  route(
    'one rule name twice',
    { rules: [{ name: 'pay' }, { name: 'pay' }] },
    'Rule name must be unique within the route',
  ),
  route('a rule name that no sectionName can say', rule({ name: 'Pay' }), 'spec.rules[0].name'),
  route(
    'an attempt that may take longer than the request',
    rule({ timeouts: { request: '1s', backendRequest: '2s' } }),
    'backendRequest timeout cannot be longer than request timeout',
  ),
  backend(
    'a type without its member',
    { type: 'Static' },
    'spec: Invalid value: static must be set when type is Static, and only then',
  ),
  backend(
    'a member of another type',
    { ...external, service: { name: 'orders' } },
    'service must be set when type is Service, and only then',
  ),
  backend(
    'a port where none can be',
    { type: 'Static', port: { port: 80 }, static: { endpoints: [{ address: '192.0.2.1', port: 80 }] } },
    'port must be set when type is ExternalHostname or Service, and only then',
  ),
  backend(
    'a hostname that is an address',
    { ...external, externalHostname: { hostname: '192.0.2.1' } },
    'externalHostname.hostname must not be an IP address or end with .cluster.local',
  ),
  backend(
    'a hostname of the cluster',
    { ...external, externalHostname: { hostname: 'orders.shop.svc.cluster.local' } },
    'externalHostname.hostname must not be an IP address or end with .cluster.local',
  ),
  backend(
    'an address that is none',
    { type: 'Static', static: { endpoints: [{ address: '1.2.3', port: 80 }] } },
    'spec.static.endpoints[0].address: Invalid value: "1.2.3": must be an IP address',
  ),
  backend(
    'a client certificate that is not shown',
    tls({
      mode: 'ServerOnly',
      clientCertificateRef: { name: 'client' },
      validation: { hostname: 'api.example', wellKnownCACertificates: 'System' },
    }),
    'clientCertificateRef must be set when mode is ClientAndServer, and only then',
  ),
  backend('TLS that checks nothing', tls({ mode: 'ServerOnly' }), 'validation must be set unless mode is None'),
  backend(
    'no CA',
    tls({ mode: 'ServerOnly', validation: { hostname: 'api.example' } }),
    'exactly one of wellKnownCACertificates and caCertificateRefs must be set',
  ),
  backend(
    'a URI of type Hostname',
    san({ type: 'Hostname', uri: 'spiffe://a/b' }),
    'hostname must be set when type is Hostname, and only then',
  ),
  config(
    'a range that is none',
    { egress: { deniedCIDRs: ['10.0.0.0/33'] } },
    'spec.egress.deniedCIDRs[0]: Invalid value: "10.0.0.0/33": must be a CIDR such as 10.0.0.0/8 or fd00::/8',
  ),
  config(
    'a duration in words',
    { dataPlane: { timeouts: { header: '10 seconds' } } },
    'spec.dataPlane.timeouts.header',
  ),
  config('a size with a fraction', { dataPlane: { limits: { bodySize: '1.5Mi' } } }, 'spec.dataPlane.limits.bodySize'),
  apiKey(
    'an end before the beginning',
    { notBefore: '2027-01-02T00:00:00Z', expires: '2027-01-01T00:00:00Z' },
    'notBefore must be before expires',
  ),
  apiKey('a day that does not exist', { expires: '2027-02-31T00:00:00Z' }, 'spec.keys[0].expires'),
  apiKey('the key instead of its hash', { hash: 'gwk_k7f3_secret' }, 'spec.keys[0].hash'),
  config('a word in another case', { service: { type: 'loadbalancer' } }, 'supported values: '),
];
