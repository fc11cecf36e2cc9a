/** Who must not notice when one object changes: the property of part `objects`. */
import { type KubeObject, objectId } from '../../pkg/api/object.ts';
import type { Ir } from '../../pkg/ir/ir.ts';

/** Kinds that say something about every object; whoever changes with them may change. A policy names its targets, or selects them by labels. */
const universal = new Set([
  'Namespace',
  'GatewayClass',
  'GatewayClassConfig',
  'ReferenceGrant',
  'IngressClass',
  'GatewayPolicy',
]);

/**
 * @param without IR of the case without the object
 * @param before IR with the object as it was
 * @param after IR with the changed one in its place
 * @returns what changed for somebody who does not refer to it, or null
 */
export function changedSibling(
  original: KubeObject,
  changed: KubeObject,
  objects: readonly KubeObject[],
  without: Ir,
  before: Ir,
  after: Ir,
): string | null {
  if (universal.has(original.kind) || universal.has(changed.kind)) return null;
  // Gateways of one address conflict by port and protocol, ListenerSets of one Gateway by hostname as well: another one may gain or lose what this
  // one no longer claims.
  if (claimsOf(original) !== claimsOf(changed)) return null;
  const names = [original.metadata.name, changed.metadata.name];
  for (const sibling of objects) {
    if (sibling === original || objectId(idOf(sibling)) === objectId(idOf(changed))) continue;
    const id = objectId(idOf(sibling));
    const own = JSON.stringify(before.routes[id]);
    // Through others it may need the object all the same, such as the certificate of its Gateway: then it changes when the object goes.
    if (own === undefined || mentions(sibling, names) || JSON.stringify(without.routes[id]) !== own) continue;
    if (JSON.stringify(after.routes[id]) !== own) return `routes ${id}`;
  }
  // A route stands in its own entry; everything else that was there without it is there with it.
  if (!isRoute(original) || !isRoute(changed)) return null;
  // Under the name of another it has replaced that one, which takes its own along.
  if (objects.some((each) => each !== original && objectId(idOf(each)) === objectId(idOf(changed)))) return null;
  for (const section of [
    'listeners',
    'routes',
    'filters',
    'policies',
    'clusters',
    'certificates',
    'authorities',
    'secrets',
    'sockets',
  ] as const) {
    for (const [id, entry] of Object.entries(without[section])) {
      if (id === objectId(idOf(changed))) continue;
      if (JSON.stringify(after[section][id]) !== JSON.stringify(entry)) return `${section} ${id}`;
    }
  }
  return null;
}

/** Ports, protocols and hostnames that a Gateway or ListenerSet claims, and by which right (age, then name), as text; `''` for any other kind. */
function claimsOf(object: KubeObject): string {
  if (object.kind !== 'Gateway' && object.kind !== 'ListenerSet') return '';
  const { spec } = object as KubeObject & {
    readonly spec?: {
      readonly listeners?: readonly {
        readonly port?: number;
        readonly protocol?: string;
        readonly hostname?: string;
      }[];
    };
  };
  const claims = (spec?.listeners ?? []).map(({ port, protocol, hostname }) => [port, protocol, hostname]);
  const { namespace, name, creationTimestamp } = object.metadata;
  return JSON.stringify([creationTimestamp, namespace, name, claims]);
}

function isRoute({ kind }: KubeObject): boolean {
  return kind === 'HTTPRoute' || kind === 'GatewayRoute';
}

function idOf({ kind, metadata: { namespace, name } }: KubeObject): { kind: string; namespace: string; name: string } {
  return { kind, namespace, name };
}

/** Whether its text holds one of the names, wherever: rather too many than too few. */
function mentions(sibling: KubeObject, names: readonly string[]): boolean {
  const text = JSON.stringify(sibling);
  return names.some((name) => text.includes(name));
}
