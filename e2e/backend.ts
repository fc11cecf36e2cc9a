/** Backends of scenarios: the suite's echo server, or a script on the Node of the product's own image. */
import type { Manifest } from './kubectl.ts';

const security = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A Deployment and a Service on port 80 of `name`. */
export function echoBackend(name: string, replicas = 1): Manifest[] {
  const container = {
    name: 'echo',
    image: 'e2e.local/echo:1',
    imagePullPolicy: 'Never',
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'SERVICE_NAME', value: name },
    ],
    readinessProbe: { httpGet: { path: '/health', port: 3000 }, periodSeconds: 1 },
  };
  return [deployment(name, replicas, container, []), service(name, 3000)];
}

/** Answers 200 to everything and logs the number of each POST, so that a duplicate is seen. */
export function countingBackend(name: string, replicas: number): Manifest[] {
  const script = `import { createServer } from 'node:http';
const server = createServer((request, response) => {
  if (request.method === 'POST') console.log('POST ' + request.headers['x-request-number']);
  request.resume().on('end', () => response.end('ok'));
});
// Above the gateway's idle time: a machine that is busy for 5 s would close what it has not read yet, and a POST is not sent twice.
server.keepAliveTimeout = 60_000;
server.listen(3000);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
  const container = {
    name: 'origin',
    image: 'e2e.local/suuupra-gateway:dev',
    imagePullPolicy: 'Never',
    command: ['/nodejs/bin/node', '/scripts/origin.mjs'],
    readinessProbe: { tcpSocket: { port: 3000 }, periodSeconds: 1 },
    volumeMounts: [{ name: 'scripts', mountPath: '/scripts' }],
  };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'origin.mjs': script } },
    deployment(name, replicas, container, [{ name: 'scripts', configMap: { name } }]),
    service(name, 3000),
  ];
}

function deployment(name: string, replicas: number, container: object, volumes: readonly object[]): Manifest {
  // The habit of the field: a pod goes on serving while the news that it leaves is on its way.
  const lifecycle = { preStop: { sleep: { seconds: 5 } } };
  const template = {
    metadata: { labels: { app: name } },
    spec: {
      containers: [{ ...container, lifecycle, securityContext: security }],
      volumes,
      terminationGracePeriodSeconds: 20,
    },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template },
  };
}

function service(name: string, targetPort: number): Manifest {
  const spec = { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}
