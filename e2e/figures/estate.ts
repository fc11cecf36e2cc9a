/** Many objects of one namespace, written straight to the API server: kubectl would take minutes. */
import type { KubeApi } from '../../pkg/kube/api.ts';
import { Release } from '../install.ts';

export const namespace = 'figures';
export const probeHost = 'probe.figures.example';
export const routesPath = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`;
export const probePath = `${routesPath}/probe`;

type Manifest = Readonly<Record<string, unknown>>;

const services = `/api/v1/namespaces/${namespace}/services`;
const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
const gateways = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/gateways`;
export const gatewayPath = `${gateways}/gw`;
/** Requests at a time. */
const Clients = 16;

/** A Gateway, a Service whose endpoint is nobody, and the route that is probed: it answers by itself, with a redirect. */
export async function createGateway(api: KubeApi): Promise<void> {
  await api.send({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  });
  const spec = { gatewayClassName: Release, listeners: [listener('http', 80)] };
  await api.send({
    method: 'POST',
    path: gateways,
    body: { ...meta('gateway.networking.k8s.io/v1', 'Gateway', 'gw'), spec },
  });
  await api.send({
    method: 'POST',
    path: routesPath,
    body: { ...meta('gateway.networking.k8s.io/v1', 'HTTPRoute', 'probe'), spec: probeSpec('0') },
  });
}

export function listener(name: string, port: number): Manifest {
  return { name, port, protocol: 'HTTP' };
}

/** Answers 302 with `/VERSION` as its location. */
export function probeSpec(version: string): Manifest {
  const path = { type: 'ReplaceFullPath', replaceFullPath: `/${version}` };
  const filter = { type: 'RequestRedirect', requestRedirect: { path, statusCode: 302 } };
  return { parentRefs: [{ name: 'gw' }], hostnames: [probeHost], rules: [{ filters: [filter] }] };
}

/** Routes `from` to `to`, ten on a host, on as many Services as there are hosts, but at most `serviceCount`. */
export async function createRoutes(api: KubeApi, from: number, to: number, serviceCount: number): Promise<void> {
  await each(from, to, async (i) => {
    const backendRefs = [{ name: `s${i % serviceCount}`, port: 80 }];
    const rules = [{ matches: [{ path: { type: 'PathPrefix', value: `/p${i % 10}` } }], backendRefs }];
    const spec = { parentRefs: [{ name: 'gw' }], hostnames: [`h${Math.floor(i / 10)}.figures.example`], rules };
    await api.send({
      method: 'POST',
      path: routesPath,
      body: { ...meta('gateway.networking.k8s.io/v1', 'HTTPRoute', `r${i}`), spec },
    });
  });
}

/** Without a cluster IP: kube-proxy is not what is measured. */
export async function createServices(api: KubeApi, from: number, to: number, endpoints: number): Promise<void> {
  await each(from, to, async (i) => {
    const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
    await api.send({
      method: 'POST',
      path: services,
      body: { ...meta('v1', 'Service', `s${i}`), spec: { clusterIP: 'None', ports } },
    });
    await api.send({ method: 'POST', path: slices, body: slice(i, endpoints, 0) });
  });
}

/** @param moved another value gives the Service other endpoints */
export function slice(service: number, endpoints: number, moved: number): Manifest {
  const { metadata, ...rest } = meta('discovery.k8s.io/v1', 'EndpointSlice', `s${service}-a`);
  const address = (i: number) => `10.${200 + (service >> 8)}.${service & 255}.${1 + ((i + moved) % 250)}`;
  return {
    ...rest,
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': `s${service}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: Array.from({ length: endpoints }, (_, i) => ({ addresses: [address(i)], conditions: { ready: true } })),
  };
}

export function slicePath(service: number): string {
  return `${slices}/s${service}-a`;
}

function meta(apiVersion: string, kind: string, name: string) {
  return { apiVersion, kind, metadata: { name, ...(kind !== 'Namespace' && { namespace }) } };
}

async function each(from: number, to: number, task: (i: number) => Promise<void>): Promise<void> {
  let next = from;
  const client = async () => {
    while (next < to) await task(next++);
  };
  await Promise.all(Array.from({ length: Clients }, client));
}
