/** A directory of manifests for one test: written, edited, removed with it. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Folder {
  readonly path: string;
  /** As editors and configuration tools do it: whole, by rename. */
  write(name: string, text: string): Promise<void>;
  /** In place, as `>` does it. */
  overwrite(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function createFolder(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'manifests-'));
  const folder: Folder = {
    path,
    async write(name, text) {
      await writeFile(join(path, `.${name}.new`), text);
      await rename(join(path, `.${name}.new`), join(path, name));
    },
    overwrite: (name, text) => writeFile(join(path, name), text),
    remove: (name) => rm(join(path, name)),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
  for (const [name, text] of Object.entries(files)) await folder.overwrite(name, text);
  return folder;
}

/** A class, a Gateway with HTTP on port 80 for all namespaces, and a Service per origin port. */
export function baseManifests(origins: Readonly<Record<string, number>>): string {
  const services = Object.entries(origins).map(
    ([name, port]) => `---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: http, port: 8080 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: ${port}, protocol: TCP }]
endpoints: [{ addresses: [127.0.0.1] }]
`,
  );
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec: { controllerName: gateway.suuupra.io/controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec:
  gatewayClassName: suuupra
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
${services.join('')}`;
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
