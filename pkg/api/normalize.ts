/** Defaults that depend on another field, which no schema can say. Used by validate.ts. */
import type { Secret, Service, ServicePort } from './core.ts';
import type { KubeObject } from './object.ts';

/** Before defaulting: what the types of core.ts promise is not there yet. */
interface WrittenSecret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}
interface WrittenService extends KubeObject {
  readonly spec: Omit<Service['spec'], 'ports'> & {
    readonly ports?: readonly (Omit<ServicePort, 'targetPort'> & { readonly targetPort?: number | string })[];
  };
}

/** Takes a checked object, gives the frozen one that readers see. */
export function normalize(object: KubeObject): KubeObject {
  if (object.kind === 'Secret') return withStringData(object as WrittenSecret);
  return Object.freeze(object.kind === 'Service' ? withTargetPorts(object as WrittenService) : object);
}

/** "stringData … is merged into the data field on write, overwriting any existing values" */
function withStringData({ stringData, ...secret }: WrittenSecret): KubeObject {
  if (stringData === undefined) return Object.freeze(secret);
  const encoded = Object.entries(stringData).map(
    ([key, value]) => [key, Buffer.from(value).toString('base64')] as const,
  );
  const data = Object.freeze(Object.fromEntries([...Object.entries(secret.data), ...encoded]));
  return Object.freeze({ ...secret, data } satisfies Omit<Secret, 'kind' | 'type'>);
}

/** "If this is not specified, the value of the 'port' field is used (an identity map)." */
function withTargetPorts(service: WrittenService): KubeObject {
  const ports = service.spec.ports?.map((port) => Object.freeze({ ...port, targetPort: port.targetPort ?? port.port }));
  return {
    ...service,
    spec: Object.freeze({ ...service.spec, ...(ports && { ports: Object.freeze(ports) }) }),
  } as KubeObject;
}
