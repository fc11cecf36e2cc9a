/**
 * The builder that the processors of translate share: what each adds to the IR and the statuses.
 *
 * Processors run in the order of translate.ts. One object is translated through `translate(object, compute)`, which gives
 * `compute` a Draft to resolve references with, and uses its former result again while nothing that it read has changed.
 */
import type { Kind, ObjectOf } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';
import type { Listener, SocketId } from '../ir/listener.ts';
import type { Route } from '../ir/route.ts';
import type { TranslatedClient } from '../policy/client-translate.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { Addresses } from './addresses.ts';
import type { AttachableGateway } from './attachable.ts';
import type { CheckedSecrets } from './certificate.ts';
import { limit } from './condition.ts';
import { Draft, mergeOutputs, noOutputs } from './draft.ts';
import type { EffectiveCache } from './effective.ts';
import type { Egress } from './egress.ts';
import type { Memo } from './memo.ts';
import { PolicyIndex } from './policy-index.ts';
import type { AttachedPolicy, Level, PolicyTarget } from './policy-level.ts';
import type { Sockets } from './sockets.ts';
import type { TranslateOptions } from './translation.ts';
import { Recorder, type World } from './world.ts';

export interface ContextParts {
  readonly snapshot: Snapshot;
  readonly options: TranslateOptions;
  readonly memo: Memo;
  readonly egress: Egress;
  readonly sockets: Sockets;
  readonly addresses: Addresses;
}

export class Context implements World {
  readonly snapshot: Snapshot;
  readonly options: TranslateOptions;
  readonly memo: Memo;
  readonly egress: Egress;
  /** Bind here before adding a listener. */
  readonly sockets: Sockets;
  /** Which address a Gateway gets. */
  readonly addresses: Addresses;

  /** Filled by `translatePolicies`, before routes. */
  readonly policyIndex = new PolicyIndex();
  /** Set by `translateRedis`, before policies. */
  redisFault = '';
  /** What holds for clients of the synthetic Gateway. Set before Ingresses. */
  ingressClient: TranslatedClient | undefined;
  readonly listeners = new Map<string, Listener>();
  readonly routes = new Map<string, Route>();
  /** Filters, clusters (not yet built), certificates and CA bundles that the objects use. */
  readonly outputs = noOutputs();
  readonly statuses: ObjectStatus[] = [];
  /** Accepted routes by listener id, whether it serves or not. Ingresses are not counted: they are no Routes. */
  readonly attachedRoutes = new Map<string, number>();
  /** By namespace and name: a run asks for one of them as often as there are routes. */
  readonly #gateways = new Map<string, Map<string, AttachableGateway>>();
  readonly #listenerSets = new Map<string, AttachableGateway>();
  readonly #defaults: AttachableGateway[] = [];

  constructor(parts: ContextParts) {
    this.snapshot = parts.snapshot;
    this.options = parts.options;
    this.memo = parts.memo;
    this.egress = parts.egress;
    this.sockets = parts.sockets;
    this.addresses = parts.addresses;
  }

  get<K extends Kind>(kind: K, namespace: string, name: string): ObjectOf<K> | undefined {
    return this.snapshot.get(kind, namespace, name);
  }

  list<K extends Kind>(kind: K): readonly ObjectOf<K>[] {
    return this.snapshot.list(kind);
  }

  slicesOf(namespace: string, service: string): readonly ObjectOf<'EndpointSlice'>[] {
    return this.snapshot.slicesOf(namespace, service);
  }

  get secrets(): CheckedSecrets {
    return this.memo.secrets;
  }

  get effective(): EffectiveCache {
    return this.memo.effective;
  }

  get ids(): WeakMap<object, string> {
    return this.memo.ids;
  }

  policies(kind: PolicyTarget, namespace: string, name: string): readonly AttachedPolicy[] {
    return this.policyIndex.attachedTo(kind, namespace, name);
  }

  policy(namespace: string, name: string): Level | undefined {
    return this.policyIndex.named(namespace, name);
  }

  get defaultCertificate(): TranslateOptions['defaultCertificate'] {
    return this.options.defaultCertificate;
  }

  get hasCountries(): boolean {
    return this.options.countries === true;
  }

  gateway(namespace: string, name: string): AttachableGateway | undefined {
    return this.#gateways.get(namespace)?.get(name);
  }

  listenerSet(namespace: string, name: string): AttachableGateway | undefined {
    return this.#listenerSets.get(`${namespace}/${name}`);
  }

  defaultGateways(): readonly AttachableGateway[] {
    return this.#defaults;
  }

  addParent(gateway: AttachableGateway): void {
    const { kind, namespace, name } = gateway;
    if (kind === 'ListenerSet') {
      const id = `${namespace}/${name}`;
      this.#listenerSets.set(id, this.memo.stable(`set ${id}`, gateway));
      return;
    }
    const others = this.#gateways.get(namespace) ?? new Map<string, AttachableGateway>();
    const stable = this.memo.stable(`gateway ${namespace}/${name}`, gateway);
    this.#gateways.set(namespace, others.set(name, stable));
    if (stable.isDefault) this.#defaults.push(stable);
  }

  /**
   * Translates one object, or takes what it gave in the run before.
   * @param compute reads of the world only through `draft.world` and its own object; gives plain data
   * @param aspect tells several translations of one object apart
   */
  translate<T>(object: KubeObject, compute: (draft: Draft) => T, aspect = ''): T {
    const known = this.memo.find(object, aspect, this);
    if (known !== undefined) {
      this.memo.keep(object, known);
      mergeOutputs(this.outputs, known.outputs);
      // Kept for this object and aspect by the same caller, so it is a T.
      return known.value as T;
    }
    const recorder = new Recorder(this);
    const draft = new Draft(object, recorder);
    const value = compute(draft);
    this.memo.keep(object, { aspect, reads: recorder.reads, outputs: draft.outputs, value });
    mergeOutputs(this.outputs, draft.outputs);
    return value;
  }

  /**
   * @param id as in Ir.listeners
   * @param sockets ids that `sockets.bind` gave
   * @param tier GatewayTier or IngressTier
   */
  addListener(id: string, listener: Listener, sockets: readonly SocketId[], tier: number): void {
    this.listeners.set(id, listener);
    for (const socket of sockets) this.sockets.addListener(socket, id, tier);
  }

  addRoute(route: Route): void {
    const id = this.memo.idOf(route);
    // Where other policies reach the same route at other listeners, it is several entries; the first listener tells them apart.
    this.routes.set(this.routes.has(id) ? `${id}@${route.attachments[0]?.listener}` : id, route);
  }

  countRoute(listener: string): void {
    this.attachedRoutes.set(listener, (this.attachedRoutes.get(listener) ?? 0) + 1);
  }

  addStatus(status: ObjectStatus): void {
    // What a user wrote stands in many messages, and may be long.
    const long = status.problems.some(({ message }) => message.length > 300 && limit(message) !== message);
    this.statuses.push(
      long ? { ...status, problems: status.problems.map((p) => ({ ...p, message: limit(p.message) })) } : status,
    );
  }
}
