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

/** A request that is meant for the route `index` of its host. */
export interface EstateRequest {
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `HTTPRoute/shops/shop-7-orders` */
  readonly route: string;
}

interface Kind {
  readonly name: string;
  readonly match: Manifest;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const prefix = (value: string): Manifest => ({ path: { type: 'PathPrefix', value } });

/** Longer prefixes beside shorter ones, conditions beside none: a look-up has to choose. */
const kinds: readonly Kind[] = [
  { name: 'orders', match: prefix('/orders'), path: '/orders/1234' },
  { name: 'orders-export', match: prefix('/orders/export'), path: '/orders/export/2026/11.csv' },
  { name: 'health', match: { path: { type: 'Exact', value: '/health' } }, path: '/health' },
  { name: 'catalog', match: prefix('/catalog'), path: '/catalog/shoes/42' },
  { name: 'images', match: prefix('/catalog/images'), path: '/catalog/images/42.webp' },
  {
    name: 'users-beta',
    match: { ...prefix('/users'), headers: [{ name: 'x-beta', value: '1' }] },
    path: '/users/17/settings',
    headers: { 'x-beta': '1' },
  },
  { name: 'users', match: prefix('/users'), path: '/users/17/settings' },
  { name: 'search', match: { ...prefix('/search'), method: 'GET' }, path: '/search/by/colour' },
  { name: 'carts', match: prefix('/api/v1/carts'), path: '/api/v1/carts/8d1f0c6e/items' },
  { name: 'front', match: prefix('/'), path: '/assets/main.4f2a.js' },
];

/** Class and Gateway first, then for each host its Service, its EndpointSlice and its routes. */
export function estateManifests(options: EstateOptions): readonly Manifest[] {
  const hosts = Array.from({ length: options.hosts }, (_, host) => host);
  return [
    ...gatewayManifests(options.port),
    ...hosts.flatMap((host) => [
      serviceManifest(host),
      sliceManifest(host, [options.originPort]),
      ...kinds.map((_, index) => routeManifest(host, index)),
    ]),
  ];
}

/** @param ports of the endpoints on 127.0.0.1; one slice has one port, so the first counts */
export function sliceManifest(host: number, ports: readonly number[], address = '127.0.0.1'): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `shop-${host}-1`, namespace: 'shops', labels: { 'kubernetes.io/service-name': `shop-${host}` } },
    addressType: 'IPv4',
    ports: ports.slice(0, 1).map((port) => ({ name: 'http', port, protocol: 'TCP' })),
    endpoints: [{ addresses: [address] }],
  };
}

/** @param timeout of the whole request in seconds: what an edit changes */
export function routeManifest(host: number, index: number, timeout = 0): Manifest {
  const { name, match } = kinds[index]!;
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
          ...(timeout === 0 ? {} : { timeouts: { request: `${timeout}s` } }),
          backendRefs: [{ name: `shop-${host}`, port: 8080 }],
        },
      ],
    },
  };
}

/** One for each route of each host, in the order of the hosts. */
export function estateRequests(hosts: number): readonly EstateRequest[] {
  return Array.from({ length: hosts }, (_, host) => host).flatMap((host) =>
    kinds.map(({ name, path, headers }) => ({
      host: hostOf(host),
      path,
      headers: headers ?? {},
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
