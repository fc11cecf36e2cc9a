/** ReferenceGrant: whether an object of one namespace may be referred to from another. */
import { type KubeObject, refOf } from '../api/object.ts';
import type { World } from './world.ts';

export interface Target {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * "A ReferenceGrant identifies kinds of resources in other namespaces that are trusted to reference the specified kinds of
 * resources in the same namespace as the policy." (Gateway API)
 */
export function referenceAllowed(from: KubeObject, to: Target, world: World): boolean {
  const { group, kind, namespace } = refOf(from);
  if (namespace === to.namespace) return true;
  return world
    .list('ReferenceGrant')
    .some(
      (grant) =>
        grant.metadata.namespace === to.namespace &&
        grant.spec.from.some((f) => f.group === group && f.kind === kind && f.namespace === namespace) &&
        grant.spec.to.some(
          (t) =>
            t.group === to.group && t.kind === to.kind && (t.name === undefined || t.name === '' || t.name === to.name),
        ),
    );
}

/** The message for a reference that no grant allows. */
export function grantMissing(from: KubeObject, to: Target): string {
  const { group, kind, namespace } = refOf(from);
  const fromText = `{group: ${group}, kind: ${kind}, namespace: ${namespace}}`;
  const toText = `{group: ${JSON.stringify(to.group)}, kind: ${to.kind}, name: ${to.name}}`;
  return `${to.kind} ${to.namespace}/${to.name} is in another namespace and no ReferenceGrant there allows it; create one in namespace ${to.namespace} with from ${fromText} and to ${toText}`;
}
