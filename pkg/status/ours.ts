/** Whose an object is that cannot be translated: what is another controller's is not ours to speak of. Used by `invalid.ts`. */
import { isKind, KINDS, OUR_GROUP } from '../api/kinds.ts';
import type { RefusedObject } from '../api/object.ts';
import type { Snapshot } from '../store/snapshot.ts';

export interface Names {
  /** Of GatewayClasses. */
  readonly controller: string;
  /** Of IngressClasses. */
  readonly ingressController: string;
}

/** A reference as it was sent: nothing of it is checked. */
export type UncheckedRef = Readonly<Record<string, unknown>>;

/** Nothing of it was checked, so that everything may be missing. */
export function isOurs(kind: string, { metadata, spec }: RefusedObject, snapshot: Snapshot, names: Names): boolean {
  if (isKind(kind) && KINDS[kind].group === OUR_GROUP && kind !== 'GatewayRoute') return true;
  switch (kind) {
    case 'GatewayClass':
      return spec['controllerName'] === names.controller;
    case 'Gateway':
      return isOurClass(spec['gatewayClassName'], snapshot, names);
    case 'Ingress': {
      const name = metadata.annotations['kubernetes.io/ingress.class'] ?? spec['ingressClassName'];
      const named = snapshot
        .list('IngressClass')
        .find(({ metadata: { name: own, annotations } }) =>
          name === undefined ? annotations['ingressclass.kubernetes.io/is-default-class'] === 'true' : own === name,
        );
      return named?.spec.controller === names.ingressController;
    }
    default:
      return ourParents({ metadata, spec }, snapshot, names).length > 0;
  }
}

/** Of a route or a ListenerSet, the references to Gateways of ours and to ListenerSets of these. */
export function ourParents(
  { metadata, spec }: Pick<RefusedObject, 'metadata' | 'spec'>,
  snapshot: Snapshot,
  names: Names,
): readonly UncheckedRef[] {
  const refs: readonly unknown[] = Array.isArray(spec['parentRefs']) ? spec['parentRefs'] : [spec['parentRef']];
  return refs.filter(isMap).filter((ref) => {
    const { kind = 'Gateway', name, namespace = metadata.namespace } = ref;
    if (typeof name !== 'string' || typeof namespace !== 'string') return false;
    if (kind === 'Gateway')
      return isOurClass(snapshot.get('Gateway', namespace, name)?.spec.gatewayClassName, snapshot, names);
    const set = kind === 'ListenerSet' ? snapshot.get('ListenerSet', namespace, name) : undefined;
    if (set === undefined) return false;
    const { name: gateway, namespace: place = namespace } = set.spec.parentRef;
    return isOurClass(snapshot.get('Gateway', place, gateway)?.spec.gatewayClassName, snapshot, names);
  });
}

function isOurClass(name: unknown, snapshot: Snapshot, { controller }: Names): boolean {
  return typeof name === 'string' && snapshot.get('GatewayClass', '', name)?.spec.controllerName === controller;
}

function isMap(value: unknown): value is UncheckedRef {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
