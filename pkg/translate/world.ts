/**
 * What translating one object may read, and the record of what it did read.
 *
 * The record is what makes memoisation safe: a result is used again exactly as long as every read that led to it would give
 * the same instance. No list of dependencies is kept by hand, so none can be forgotten.
 */
import type { Kind, ObjectOf } from '../api/kinds.ts';
import type { AttachableGateway } from './attachable.ts';
import type { CheckedSecrets } from './certificate.ts';
import type { EffectiveCache } from './effective.ts';
import type { Egress } from './egress.ts';
import type { AttachedPolicy, Level, PolicyTarget } from './policy-level.ts';
import type { TranslateOptions } from './translation.ts';

export interface World {
  get<K extends Kind>(kind: K, namespace: string, name: string): ObjectOf<K> | undefined;
  list<K extends Kind>(kind: K): readonly ObjectOf<K>[];
  slicesOf(namespace: string, service: string): readonly ObjectOf<'EndpointSlice'>[];
  /** A Gateway of ours, as this run translated it. The same instance as in the run before unless something that routes see changed. */
  gateway(namespace: string, name: string): AttachableGateway | undefined;
  /** Gateways of ours with defaultScope All, oldest first. */
  defaultGateways(): readonly AttachableGateway[];
  /** The same of a ListenerSet that names a Gateway of ours. */
  listenerSet(namespace: string, name: string): AttachableGateway | undefined;
  /** What may be dialled. A change of it empties the memo, so it is no recorded read. */
  readonly egress: Egress;
  readonly secrets: CheckedSecrets;
  /** Ids of configurations by instance: 10,000 routes may inherit the same list of 10,000 addresses. */
  readonly ids: WeakMap<object, string>;
  readonly effective: EffectiveCache;
  /** What is attached to a Gateway, ListenerSet, route or Ingress, sections of it included, lowest rank first. */
  policies(kind: PolicyTarget, namespace: string, name: string): readonly AttachedPolicy[];
  /** A GatewayPolicy by name, for ExtensionRef filters. */
  policy(namespace: string, name: string): Level | undefined;
  /** Why policies cannot have Redis, in a sentence that names the fix; `''` if one is configured. */
  readonly redisFault: string;
  /** Secret for want of another certificate. The same as long as the process runs. */
  readonly defaultCertificate: TranslateOptions['defaultCertificate'];
  /** A change of it empties the memo, too. */
  readonly hasCountries: boolean;
}

export type Read =
  | {
      readonly kind: 'get';
      readonly of: Kind;
      readonly namespace: string;
      readonly name: string;
      readonly seen: unknown;
    }
  | { readonly kind: 'list'; readonly of: Kind; readonly seen: unknown }
  | {
      readonly kind: 'policies';
      readonly of: PolicyTarget;
      readonly namespace: string;
      readonly name: string;
      readonly seen: readonly unknown[];
    }
  | { readonly kind: 'redis'; readonly seen: string }
  | { readonly kind: 'policy'; readonly namespace: string; readonly name: string; readonly seen: unknown }
  | { readonly kind: 'slices'; readonly namespace: string; readonly name: string; readonly seen: readonly unknown[] }
  | { readonly kind: 'defaults'; readonly seen: readonly unknown[] }
  | {
      readonly kind: 'gateway' | 'listenerSet';
      readonly namespace: string;
      readonly name: string;
      readonly seen: unknown;
    };

/** A World that remembers what was asked of it. */
export class Recorder implements World {
  readonly reads: Read[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get egress(): Egress {
    return this.#world.egress;
  }

  get secrets(): CheckedSecrets {
    return this.#world.secrets;
  }

  get ids(): WeakMap<object, string> {
    return this.#world.ids;
  }

  get effective(): EffectiveCache {
    return this.#world.effective;
  }

  get redisFault(): string {
    const seen = this.#world.redisFault;
    this.reads.push({ kind: 'redis', seen });
    return seen;
  }

  policies(kind: PolicyTarget, namespace: string, name: string): readonly AttachedPolicy[] {
    const seen = this.#world.policies(kind, namespace, name);
    this.reads.push({ kind: 'policies', of: kind, namespace, name, seen });
    return seen;
  }

  policy(namespace: string, name: string): Level | undefined {
    const seen = this.#world.policy(namespace, name);
    this.reads.push({ kind: 'policy', namespace, name, seen });
    return seen;
  }

  get hasCountries(): boolean {
    return this.#world.hasCountries;
  }

  get defaultCertificate(): World['defaultCertificate'] {
    return this.#world.defaultCertificate;
  }

  get<K extends Kind>(kind: K, namespace: string, name: string): ObjectOf<K> | undefined {
    const seen = this.#world.get(kind, namespace, name);
    this.reads.push({ kind: 'get', of: kind, namespace, name, seen });
    return seen;
  }

  list<K extends Kind>(kind: K): readonly ObjectOf<K>[] {
    const seen = this.#world.list(kind);
    this.reads.push({ kind: 'list', of: kind, seen });
    return seen;
  }

  slicesOf(namespace: string, service: string): readonly ObjectOf<'EndpointSlice'>[] {
    const seen = this.#world.slicesOf(namespace, service);
    this.reads.push({ kind: 'slices', namespace, name: service, seen });
    return seen;
  }

  gateway(namespace: string, name: string): AttachableGateway | undefined {
    const seen = this.#world.gateway(namespace, name);
    this.reads.push({ kind: 'gateway', namespace, name, seen });
    return seen;
  }

  defaultGateways(): readonly AttachableGateway[] {
    const seen = [...this.#world.defaultGateways()];
    this.reads.push({ kind: 'defaults', seen });
    return seen;
  }

  listenerSet(namespace: string, name: string): AttachableGateway | undefined {
    const seen = this.#world.listenerSet(namespace, name);
    this.reads.push({ kind: 'listenerSet', namespace, name, seen });
    return seen;
  }
}

/** Whether every read would give in `world` what it gave before. */
export function stillHolds(reads: readonly Read[], world: World): boolean {
  return reads.every((read) => {
    switch (read.kind) {
      case 'get':
        return world.get(read.of, read.namespace, read.name) === read.seen;
      case 'list':
        return world.list(read.of) === read.seen;
      case 'gateway':
        return world.gateway(read.namespace, read.name) === read.seen;
      case 'defaults':
        return sameItems(world.defaultGateways(), read.seen);
      case 'listenerSet':
        return world.listenerSet(read.namespace, read.name) === read.seen;
      case 'policies':
        return sameItems(world.policies(read.of, read.namespace, read.name), read.seen);
      case 'redis':
        return world.redisFault === read.seen;
      case 'policy':
        return world.policy(read.namespace, read.name) === read.seen;
      case 'slices':
        return sameItems(world.slicesOf(read.namespace, read.name), read.seen);
      default:
        return read satisfies never;
    }
  });
}

// The index may build its answer anew each time: its items count, not the array.
function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]));
}
