/**
 * A company's worth of routes: hosts with ten HTTPRoutes each, as teams write them, and a Service with one endpoint for each host.
 * Micro-benchmarks and the scenarios `scale` and `churn` use it.
 */

/** As in a YAML file; validated by whoever reads it. */
export type Manifest = Readonly<Record<string, unknown>>;

export interface EstateOptions {
  readonly hosts: number;
  /** Of the Gateway's listener. */
  readonly port: number;
  /** Every Service's endpoint on 127.0.0.1. */
  readonly originPort: number;
}

/** Routes of each host. */
export const RoutesPerHost = 10;

/** A request that is meant for one route, and for no other. */
export interface EstateRequest {
  readonly host: string;
  /** With its last segment the origin is told how many bytes to answer. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `HTTPRoute/shops/shop-7-orders` */
  readonly route: string;
}

interface Kind {
  readonly name: string;
  readonly match: Manifest;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const prefix = (value: string): Manifest => ({ path: { type: 'PathPrefix', value } });

/** Longer prefixes beside shorter ones, conditions beside none: a look-up has to choose. */
const kinds: readonly Kind[] = [
  { name: 'orders', match: prefix('/orders'), path: '/orders/1234/200' },
  { name: 'orders-export', match: prefix('/orders/export'), path: '/orders/export/2026/11/200' },
  { name: 'health', match: { path: { type: 'Exact', value: '/health/200' } }, path: '/health/200' },
  { name: 'catalog', match: prefix('/catalog'), path: '/catalog/shoes/42/200' },
  { name: 'images', match: prefix('/catalog/images'), path: '/catalog/images/42/200' },
  {
    name: 'users-beta',
    match: { ...prefix('/users'), headers: [{ name: 'x-beta', value: '1' }] },
    path: '/users/17/200',
    query: '?beta=1',
    headers: { 'x-beta': '1' },
  },
  { name: 'users', match: prefix('/users'), path: '/users/17/200' },
  { name: 'search', match: { ...prefix('/search'), method: 'GET' }, path: '/search/by/colour/200' },
  { name: 'carts', match: prefix('/api/v1/carts'), path: '/api/v1/carts/8d1f0c6e/200' },
  { name: 'front', match: prefix('/'), path: '/assets/4f2a/200' },
];

/** By file, as a repository of manifests has them: the Gateway, and two files for each host, of which one has the endpoints. */
export function estateFiles({ hosts, port, originPort }: EstateOptions): Readonly<Record<string, readonly Manifest[]>> {
  const files: Record<string, readonly Manifest[]> = { 'gateway.yaml': gatewayManifests(port) };
  for (let host = 0; host < hosts; host++) {
    files[routesFile(host)] = hostManifests(host);
    files[endpointsFile(host)] = [sliceManifest(host, originPort)];
  }
  return files;
}

/** Where the Service and the routes of a host are. */
export function routesFile(host: number): string {
  return `shops/shop-${host}.yaml`;
}

export function endpointsFile(host: number): string {
  return `shops/shop-${host}-endpoints.yaml`;
}

/** Service and routes. @param edited index of the route that was edited `edit` times */
export function hostManifests(host: number, edited = -1, edit = 0): readonly Manifest[] {
  return [serviceManifest(host), ...kinds.map((_, index) => routeManifest(host, index, index === edited ? edit : 0))];
}

/** @param leaving another endpoint that is terminating: it is there, and gets nothing while the first serves */
export function sliceManifest(host: number, originPort: number, leaving = false): Manifest {
  const conditions = { ready: false, serving: true, terminating: true };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `shop-${host}-1`, namespace: 'shops', labels: { 'kubernetes.io/service-name': `shop-${host}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: originPort, protocol: 'TCP' }],
    endpoints: [{ addresses: ['127.0.0.1'] }, ...(leaving ? [{ addresses: ['127.0.0.9'], conditions }] : [])],
  };
}

/** @param edit how often it was edited: its answers say so in `X-Edit` from the first on */
export function routeManifest(host: number, index: number, edit = 0): Manifest {
  const { name, match } = kinds[index]!;
  const header = { name: 'X-Edit', value: String(edit) };
  const filters = [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [header] } }];
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: `shop-${host}-${name}`, namespace: 'shops' },
    spec: {
      parentRefs: [{ name: 'public' }],
      hostnames: [hostOf(host)],
      rules: [
        {
          matches: [match],
          ...(edit === 0 ? {} : { filters }),
          backendRefs: [{ name: `shop-${host}`, port: 8080 }],
        },
      ],
    },
  };
}

/** One for each route of each host, in the order of the hosts. */
export function estateRequests(hosts: number): readonly EstateRequest[] {
  return Array.from({ length: hosts }, (_, host) => host).flatMap((host) =>
    kinds.map(({ name, path, query = '', headers = {} }) => ({
      host: hostOf(host),
      path,
      query,
      headers,
      route: `HTTPRoute/shops/shop-${host}-${name}`,
    })),
  );
}

function hostOf(host: number): string {
  return `shop-${host}.example.com`;
}

function gatewayManifests(port: number): readonly Manifest[] {
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'suuupra' },
      spec: { controllerName: 'gateway.suuupra.io/controller' },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'public', namespace: 'shops' },
      spec: { gatewayClassName: 'suuupra', listeners: [{ name: 'http', port, protocol: 'HTTP' }] },
    },
  ];
}

function serviceManifest(host: number): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `shop-${host}`, namespace: 'shops' },
    spec: { ports: [{ name: 'http', port: 8080 }] },
  };
}
