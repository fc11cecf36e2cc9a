/** A directory of manifests for one test: written, edited, removed with it. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Folder {
  readonly path: string;
  /** As editors and configuration tools do it: whole, by rename. Subdirectories are made. */
  write(name: string, text: string): Promise<void>;
  /** In place, as `>` does it. */
  overwrite(name: string, text: string): Promise<void>;
  /** A file, or a subdirectory with all in it. */
  remove(name: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function createFolder(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'manifests-'));
  const folder: Folder = {
    path,
    async write(name, text) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(join(path, '.new'), text);
      await rename(join(path, '.new'), file);
    },
    overwrite: (name, text) => writeFile(join(path, name), text),
    remove: (name) => rm(join(path, name), { recursive: true }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
  for (const [name, text] of Object.entries(files)) await folder.overwrite(name, text);
  return folder;
}

/** A class, a Gateway with HTTP on port 80 for all namespaces, and a Service per origin port. */
export function baseManifests(origins: Readonly<Record<string, number>>): string {
  const listener = '{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }';
  return `${gatewayClass}---\n${gatewayManifest('public', `[${listener}]`)}${services(origins)}`;
}

export const gatewayClass = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec: { controllerName: gateway.suuupra.io/controller }
`;

/** The same class with a GatewayClassConfig. @param spec YAML, as a flow mapping */
export function configuredClass(spec: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec:
  controllerName: gateway.suuupra.io/controller
  parametersRef: { group: gateway.suuupra.io, kind: GatewayClassConfig, name: config, namespace: default }
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayClassConfig
metadata: { name: config }
spec: ${spec}
`;
}

/** The same class with a Redis. @param url `redis://127.0.0.1:port/0` */
export function redisClass(url: string): string {
  return configuredClass(`{ dataPlane: { redis: { urls: ["${url}"] } } }`);
}

/** @param listeners YAML, as a flow sequence */
export function gatewayManifest(name: string, listeners: string, namespace = 'default'): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: ${namespace} }
spec: { gatewayClassName: suuupra, listeners: ${listeners} }
`;
}

/** For each name a Service of port 8080 and its slice with one endpoint; each document begins with `---`. */
export function services(origins: Readonly<Record<string, number>>, namespace = 'default'): string {
  const pairs = Object.entries(origins).flatMap(([name, port]) => [
    service(name, namespace),
    endpointSlice(name, [port], namespace),
  ]);
  return pairs.map((text) => `---\n${text}`).join('');
}

export function service(name: string, namespace = 'default'): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ports: [{ name: http, port: 8080 }] }
`;
}

/** A slice has one port for all its endpoints, so there is a slice per port. */
export function endpointSlice(service: string, ports: readonly number[], namespace = 'default'): string {
  return ports
    .map(
      (port, i) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${service}-${i}, namespace: ${namespace}, labels: { kubernetes.io/service-name: ${service} } }
addressType: IPv4
ports: [{ name: http, port: ${port}, protocol: TCP }]
endpoints: [{ addresses: [127.0.0.1] }]
`,
    )
    .join('---\n');
}

/** An HTTPRoute of host a.example.com; `rules` is YAML of its rules, as a flow sequence. */
export function routeManifest(name: string, rules: string, hostname = 'a.example.com'): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: public }]
  hostnames: [${hostname}]
  rules: ${rules}
`;
}
