/** The gateway as users run it: manifests in a directory, one worker, an access log in a file, everything else at its default. */
import { readFile } from 'node:fs/promises';
import { version } from '../../pkg/config/version.ts';
import type { Manifest } from '../estate.ts';
import { hostName, routeName, type Site } from '../site.ts';
import { certificate } from '../tls/paths.ts';
import { manifestText, startGateway } from './gateway-process.ts';
import type { Running, StartOptions, Target } from './target.ts';

export const gateway: Target = {
  name: 'gateway',
  version: () => Promise.resolve(version),
  start: (options) => startOnSite(options, 'Service'),
};

/** With every route on a Backend that forces the general client. */
export const gatewayOnUndici: Target = {
  ...gateway,
  name: 'gateway-undici',
  start: (options) => startOnSite(options, 'Undici'),
};

/** Collects garbage when told (collect.ts), for those who measure its memory. */
export const gatewayCollecting: Target = { ...gateway, start: (options) => startOnSite(options, 'Service', true) };

/** What routes refer to: a Service, or a Backend whose lane is Undici. */
type Upstream = 'Service' | 'Undici';

async function startOnSite(
  { site, originPort, core, directory }: StartOptions,
  upstream: Upstream,
  collects = false,
): Promise<Running> {
  return startGateway({
    collects,
    core,
    directory,
    manifests: { 'site.yaml': await gatewayManifests(site, originPort, upstream) },
    ready: { host: site.hosts.at(-1)!, path: `${site.prefixes.at(-1)}10` },
    routeOf: gatewayRoute(site),
  });
}

/** `HTTPRoute/bench/h007` and rule 3 are `h007-p03`. */
function gatewayRoute({ prefixes }: Site): (line: Readonly<Record<string, unknown>>) => string {
  return ({ route, rule }) => {
    const name = String(route).split('/').at(-1) ?? '';
    return routeName(`${name}.`, prefixes[Number(rule)] ?? '');
  };
}

const backendRefs: Readonly<Record<Upstream, object>> = {
  Service: { name: 'origin', port: 8080 },
  Undici: { group: 'gateway.suuupra.io', kind: 'Backend', name: 'general' },
};

export async function gatewayManifests(site: Site, originPort: number, upstream?: Upstream): Promise<string> {
  return manifestText(await gatewayObjects(site, originPort, upstream));
}

/** An HTTPRoute for each host with a rule for each prefix. */
export async function gatewayObjects(
  site: Site,
  originPort: number,
  upstream: Upstream = 'Service',
): Promise<readonly Manifest[]> {
  const metadata = (name: string, more: object = {}): Manifest => ({ name, namespace: 'bench', ...more });
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
      metadata: metadata('public'),
      spec: {
        gatewayClassName: 'suuupra',
        listeners: [
          { name: 'http', port: 80, protocol: 'HTTP' },
          { name: 'https', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'tls' }] } },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('tls'),
      type: 'kubernetes.io/tls',
      stringData: {
        'tls.crt': await readFile(certificate.chain, 'utf8'),
        'tls.key': await readFile(certificate.key, 'utf8'),
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('origin'),
      spec: { ports: [{ name: 'http', port: 8080 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: metadata('origin-1', { labels: { 'kubernetes.io/service-name': 'origin' } }),
      addressType: 'IPv4',
      ports: [{ name: 'http', port: originPort, protocol: 'TCP' }],
      endpoints: [{ addresses: ['127.0.0.1'] }],
    },
    {
      apiVersion: 'gateway.suuupra.io/v1alpha1',
      kind: 'Backend',
      metadata: metadata('general'),
      spec: { type: 'Static', lane: 'Undici', static: { endpoints: [{ address: '127.0.0.1', port: originPort }] } },
    },
    ...site.hosts.map((host) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: metadata(hostName(host)),
      spec: {
        parentRefs: [{ name: 'public' }],
        hostnames: [host],
        rules: site.prefixes.map((prefix) => ({
          matches: [{ path: { type: 'PathPrefix', value: prefix } }],
          backendRefs: [backendRefs[upstream]],
        })),
      },
    })),
  ];
}
