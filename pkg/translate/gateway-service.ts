/** The Service of a Gateway: its name, the labels that make it ours, and the ports inside the gateway's pods that it says. Read by gateway.ts, written by pkg/exposure. */
import { hash } from 'node:crypto';
import type { Service } from '../api/core.ts';

/** On everything the gateway creates; what lacks it is never touched. */
export const ManagedByLabel = 'app.kubernetes.io/managed-by';
export const ManagedBy = 'suuupra-gateway';
/** As Gateway API has it: tools find what belongs to a Gateway by it. */
export const GatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/** Ports inside the pods that Gateways may get, both ends included. Below, the pod's own; above, where the system takes client ports from. */
export const InternalPorts = { first: 11_000, last: 19_999 } as const;

/** A DNS label: Gateways may have names of 253 characters, with dots, that begin with a digit. Other Services of the namespace do not have it. */
export function serviceNameOf(gateway: { readonly namespace: string; readonly name: string }): string {
  const words = gateway.name.replaceAll('.', '-').replace(/^(?=[0-9])/, 'gw-');
  return `${words.slice(0, 46).replace(/-+$/, '')}-gateway-${digest(`${gateway.namespace}/${gateway.name}`)}`;
}

/** A label's value has 63 characters at most. */
export function gatewayNameValue(name: string): string {
  return name.length <= 63 ? name : `${name.slice(0, 54).replace(/[-.]+$/, '')}-${digest(name)}`;
}

export function isOurs(service: Service): boolean {
  return service.metadata.labels[ManagedByLabel] === ManagedBy;
}

/** Listener port → port inside the pods. What is out of range is no port that the gateway chose. */
export function internalPorts(service: Service): ReadonlyMap<number, number> {
  const ports = new Map<number, number>();
  for (const { port, protocol, targetPort } of service.spec.ports ?? []) {
    if (protocol === 'TCP' && isInternalPort(targetPort)) ports.set(port, targetPort);
  }
  return ports;
}

export function isInternalPort(port: unknown): port is number {
  return typeof port === 'number' && port >= InternalPorts.first && port <= InternalPorts.last;
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 8);
}
