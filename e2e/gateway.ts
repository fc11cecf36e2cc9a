/** A Gateway of a scenario, and the address that the gateway gives it. */
import { Release } from './install.ts';
import { get, kubectl, type Manifest } from './kubectl.ts';
import { until } from './until.ts';

/** Plain HTTP on port 80, for routes of its own namespace. */
export function httpGateway(name: string, spec: object = {}): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name },
    spec: { gatewayClassName: Release, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }], ...spec },
  };
}

/** `hostnames` on one backend's port 80. */
export function httpRoute(name: string, parent: string, hostname: string, backend: string): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: parent }],
      hostnames: [hostname],
      rules: [{ backendRefs: [{ name: backend, port: 80 }] }],
    },
  };
}

/** Waits until it is programmed. */
export async function gatewayAddress(namespace: string, name: string): Promise<string> {
  const address = await until(`Gateway ${name} has an address`, async () => {
    const { status } = await get<{ status?: { addresses?: { value: string }[] } }>(namespace, `gateway/${name}`);
    return status?.addresses?.[0]?.value;
  });
  await kubectl(['wait', '-n', namespace, '--for=condition=Programmed', `gateway/${name}`, '--timeout=30s']);
  return address;
}
