/** The gateway as users run it: manifests in a directory, one worker, an access log in a file, everything else at its default. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { version } from '../../pkg/config/version.ts';
import { freePorts } from '../../pkg/testkit/ports.ts';
import { startPinned } from '../pinned.ts';
import { hostName, routeName, type Site } from '../site.ts';
import { certificate } from '../tls/paths.ts';
import { untilReady } from './ready.ts';
import type { StartOptions, Target } from './target.ts';

const entry = join(import.meta.dirname, '../../cmd/gateway.ts');

export const gateway: Target = {
  name: 'gateway',
  version: () => Promise.resolve(version),
  async start({ site, originPort, core, directory }: StartOptions) {
    const [plainPort = 0, tlsPort = 0, adminPort = 0] = await freePorts(3);
    const manifests = join(directory, 'site.yaml');
    const log = join(directory, 'access.log');
    await writeFile(manifests, await gatewayManifests(site, originPort));
    const child = startPinned({
      core,
      command: process.execPath,
      args: [
        entry,
        ...['--directory', directory],
        ...['--workers', '1', '--access-log', log],
        ...['--port-map', `80:${plainPort},443:${tlsPort}`, '--admin-address', `127.0.0.1:${adminPort}`],
      ],
      stdout: join(directory, 'out.log'),
      stderr: join(directory, 'err.log'),
      // Without the delay that SIGTERM has.
      signal: 'SIGINT',
    });
    await untilReady(child, plainPort, site.hosts.at(-1)!, `${site.prefixes.at(-1)}10`);
    return { pid: child.pid, plainPort, tlsPort, log, routeOf: gatewayRoute(site), stop: () => child.stop() };
  },
};

/** `HTTPRoute/bench/h007` and rule 3 are `h007-p03`. */
function gatewayRoute({ prefixes }: Site): (line: Readonly<Record<string, unknown>>) => string {
  return ({ route, rule }) => {
    const name = String(route).split('/').at(-1) ?? '';
    return routeName(`${name}.`, prefixes[Number(rule)] ?? '');
  };
}

/** An HTTPRoute for each host with a rule for each prefix. */
export async function gatewayManifests(site: Site, originPort: number): Promise<string> {
  const metadata = (name: string, more: object = {}): object => ({ name, namespace: 'bench', ...more });
  const objects: object[] = [
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
    ...site.hosts.map((host) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: metadata(hostName(host)),
      spec: {
        parentRefs: [{ name: 'public' }],
        hostnames: [host],
        rules: site.prefixes.map((prefix) => ({
          matches: [{ path: { type: 'PathPrefix', value: prefix } }],
          backendRefs: [{ name: 'origin', port: 8080 }],
        })),
      },
    })),
  ];
  // JSON is YAML.
  return objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
}
