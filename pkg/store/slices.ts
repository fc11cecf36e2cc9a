/** Which EndpointSlices belong to a Service. The one index of the store: namespace → Service → slices sorted by name. */
import type { ObjectOf } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';
import { type Edit, find } from './sorted.ts';

type Slice = ObjectOf<'EndpointSlice'>;
export type Slices = ReadonlyMap<string, ReadonlyMap<string, readonly Slice[]>>;

// "The endpoint slices managed for a Service have the label kubernetes.io/service-name" (Kubernetes, EndpointSlices, Ownership).
const SERVICE_NAME = 'kubernetes.io/service-name';
const NONE: readonly Slice[] = Object.freeze([]);

export function slicesOf(slices: Slices, namespace: string, service: string): readonly Slice[] {
  return slices.get(namespace)?.get(service) ?? NONE;
}

/** `former` is the array of all EndpointSlices before the edits. Services that no edit touches keep their arrays. */
export function applySlices(slices: Slices, former: readonly KubeObject[], edits: ReadonlyMap<string, Edit>): Slices {
  const next = new Map(slices);
  const copied = new Map<string, Map<string, readonly Slice[]>>();
  const servicesIn = (namespace: string) => {
    const services = copied.get(namespace) ?? new Map(slices.get(namespace));
    copied.set(namespace, services);
    next.set(namespace, services);
    return services;
  };
  const replace = (namespace: string, service: string, name: string, slice: Slice | undefined) => {
    const services = servicesIn(namespace);
    const others = (services.get(service) ?? NONE).filter((other) => other.metadata.name !== name);
    if (slice !== undefined) others.push(slice);
    if (others.length === 0) services.delete(service);
    else services.set(service, Object.freeze(others.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))));
    if (services.size === 0) next.delete(namespace);
  };
  for (const { namespace, name, object } of edits.values()) {
    const before = find(former, namespace, name);
    if (before === object) continue;
    const left = before?.metadata.labels[SERVICE_NAME];
    const joined = object?.metadata.labels[SERVICE_NAME];
    if (left !== undefined && left !== joined) replace(namespace, left, name, undefined);
    // The source validated it as an EndpointSlice.
    if (joined !== undefined) replace(namespace, joined, name, object as Slice);
  }
  return next;
}
