/** Which listeners a route attaches to, for each of its parentRefs. */
import type { ParentReference } from '../api/gatewayapi.ts';
import { GATEWAY_API_GROUP } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';
import { matchesSelector } from '../api/selector.ts';
import type { Attachment } from '../ir/route.ts';
import type { AttachableGateway, AttachableListener } from './attachable.ts';
import { intersectHostnames, normaliseHostname } from './hostname.ts';
import type { World } from './world.ts';

/** What became of one parentRef of ours. */
export interface Parent {
  /** As in the spec: statuses copy it verbatim. */
  readonly ref: ParentReference;
  /** In spec.parentRefs; -1 of a default Gateway, which no reference names. */
  readonly index: number;
  readonly gateway: AttachableGateway;
  /** Empty if nothing attached. */
  readonly attached: readonly Attached[];
  /** Why nothing attached. */
  readonly refusal?: { readonly reason: string; readonly message: string };
}

export interface Attached {
  readonly listener: AttachableListener;
  readonly hostnames: readonly string[];
}

/** status.parents takes no more. */
const MaxParents = 32;

interface Attaching extends KubeObject {
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    readonly hostnames?: readonly string[];
    readonly useDefaultGateways?: 'All' | 'None';
  };
}

/** ParentRefs that name something else than a Gateway of ours, or a ListenerSet of one, are left to whom they belong. */
export function attach(route: Attaching, world: World): readonly Parent[] {
  const parents: Parent[] = [];
  for (const [index, ref] of (route.spec.parentRefs ?? []).entries()) {
    if (ref.group !== GATEWAY_API_GROUP) continue;
    const namespace = ref.namespace ?? route.metadata.namespace;
    const gateway =
      ref.kind === 'Gateway'
        ? world.gateway(namespace, ref.name)
        : ref.kind === 'ListenerSet'
          ? world.listenerSet(namespace, ref.name)
          : undefined;
    if (gateway !== undefined) parents.push({ ref, index, gateway, ...attachTo(route, ref, gateway, world) });
  }
  return route.spec.useDefaultGateways === 'All' ? [...parents, ...defaultParents(route, parents, world)] : parents;
}

/** "any default Gateway supporting the named scope, subject to the usual rules": one that may not take the route does not claim it. */
function defaultParents(route: Attaching, named: readonly Parent[], world: World): readonly Parent[] {
  const claimed = world.defaultGateways().flatMap((gateway): readonly Parent[] => {
    if (named.some((parent) => parent.gateway === gateway)) return [];
    const { namespace, name } = gateway;
    const ref = { group: GATEWAY_API_GROUP, kind: 'Gateway', namespace, name };
    const result = attachTo(route, ref, gateway, world);
    return result.refusal === undefined ? [{ ref, index: -1, gateway, ...result }] : [];
  });
  return claimed.slice(0, Math.max(0, MaxParents - named.length));
}

/** Where the route serves: each listener once, however many parentRefs lead there. */
export function attachmentsOf(parents: readonly Parent[]): readonly Attachment[] {
  const hostnames = new Map<string, readonly string[]>();
  for (const { attached } of parents) {
    for (const { listener, hostnames: own } of attached) {
      if (listener.serves) hostnames.set(listener.id, own);
    }
  }
  return [...hostnames.keys()].sort().map((listener) => ({ listener, hostnames: hostnames.get(listener) ?? [] }));
}

// The order of the reasons: what the reference selects, then what the listeners allow, then hostnames (Gateway API, RouteConditionReason).
function attachTo(
  route: Attaching,
  ref: ParentReference,
  gateway: AttachableGateway,
  world: World,
): Pick<Parent, 'attached' | 'refusal'> {
  const id = `${gateway.kind} ${gateway.namespace}/${gateway.name}`;
  const refuse = (reason: string, message: string): Pick<Parent, 'attached' | 'refusal'> => ({
    attached: [],
    refusal: { reason, message },
  });

  const selected = gateway.listeners.filter(
    ({ name, port }) =>
      (ref.sectionName === undefined || ref.sectionName === name) && (ref.port === undefined || ref.port === port),
  );
  if (selected.length === 0) {
    const wanted = [
      ref.sectionName === undefined ? '' : `named ${ref.sectionName}`,
      ref.port === undefined ? '' : `on port ${ref.port}`,
    ].filter((part) => part !== '');
    const has = gateway.listeners.map(({ name, port }) => `${name} (${port})`).join(', ');
    return refuse(
      'NoMatchingParent',
      `${id} has no listener ${wanted.join(' ')}, but ${has}; correct sectionName or port`,
    );
  }

  const ofKind = selected.filter(({ kinds }) => kinds.includes(route.kind));
  if (ofKind.length === 0) {
    return refuse(
      'NotAllowedByListeners',
      `${named(selected)} of ${id} ${selected.length === 1 ? 'takes' : 'take'} no ${route.kind}; allow it in allowedRoutes.kinds, or use another listener`,
    );
  }
  const allowed = ofKind.filter((listener) => namespaceAllowed(route.metadata.namespace, listener, gateway, world));
  if (allowed.length === 0) {
    return refuse(
      'NotAllowedByListeners',
      `${named(ofKind)} of ${id} ${ofKind.length === 1 ? 'takes' : 'take'} no routes from namespace ${route.metadata.namespace}; allow it in allowedRoutes.namespaces of the listener`,
    );
  }

  const attached = allowed
    .map((listener) => ({ listener, hostnames: intersection(route.spec.hostnames ?? [], listener.hostname) }))
    .filter(({ hostnames }) => hostnames.length > 0);
  if (attached.length === 0) {
    const listeners = allowed.map(({ hostname }) => hostname).join(', ');
    return refuse(
      'NoMatchingListenerHostname',
      `no hostname of the route (${(route.spec.hostnames ?? []).join(', ')}) is covered by ${named(allowed)} of ${id} (${listeners}); correct spec.hostnames`,
    );
  }
  return { attached };
}

function namespaceAllowed(
  namespace: string,
  listener: AttachableListener,
  gateway: AttachableGateway,
  world: World,
): boolean {
  const { namespaces } = listener;
  switch (namespaces.from) {
    case 'All':
      return true;
    case 'None':
      return false;
    case 'Same':
      return namespace === gateway.namespace;
    case 'Selector': {
      const object = world.get('Namespace', '', namespace);
      return object !== undefined && matchesSelector(namespaces.selector, object.metadata.labels);
    }
    default:
      return namespaces satisfies never;
  }
}

/** @returns sorted; `['']` where neither side names a host */
function intersection(hostnames: readonly string[], listener: string): readonly string[] {
  if (hostnames.length === 0) return [listener];
  const found = hostnames.map((hostname) => intersectHostnames(normaliseHostname(hostname), listener));
  return [...new Set(found.filter((hostname) => hostname !== undefined))].sort();
}

function named(listeners: readonly AttachableListener[]): string {
  const names = listeners.map(({ name }) => name);
  return `${names.length === 1 ? 'listener' : 'listeners'} ${names.join(', ')}`;
}
