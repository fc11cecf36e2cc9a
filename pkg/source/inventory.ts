/**
 * What is known of the cluster's objects: events of the API server in, changes and problems out. Keeps only what somebody needs: Secrets,
 * ConfigMaps and EndpointSlices count if an object refers to them. Used by `kube.ts`, knows no network.
 */

import type { Kind } from '../api/kinds.ts';
import { type KubeObject, objectId, type RefusedObject, refOf } from '../api/object.ts';
import type { RawObject } from '../kube/reflector.ts';
import type { Validate } from './manifest.ts';
import type { Change, SourceProblem } from './source.ts';
import { wantedBy } from './wanted.ts';

interface Held {
  readonly object: KubeObject;
  readonly resourceVersion: string;
  /** The object at the API server is not valid, and no former one of it is known. */
  readonly standsIn: boolean;
}

const SERVICE_NAME = 'kubernetes.io/service-name';
/** What says whose an object is. */
const OWNERS = ['controllerName', 'gatewayClassName', 'ingressClassName', 'parentRef', 'parentRefs'];
const INGRESS_CLASS = 'kubernetes.io/ingress.class';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export class Inventory {
  readonly #validate: Validate;
  readonly #held = new Map<string, Held>();
  /** Metadata alone is followed: id → resourceVersion. */
  readonly #known = new Map<string, string>();
  readonly #problems = new Map<string, readonly SourceProblem[]>();
  /** Referrer → what it refers to, and how many refer to each. */
  readonly #wants = new Map<string, ReadonlySet<string>>();
  readonly #wanted = new Map<string, number>();
  #changes: Change[] = [];
  /** Became wanted, or changed while wanted: to be fetched. */
  readonly #due = new Set<string>();

  /** @param needs ids of what is wanted although no object refers to it: `Secret/infra/wildcard` */
  constructor(validate: Validate, needs: readonly string[] = []) {
    this.#validate = validate;
    this.#want('', new Set(needs));
  }

  upsert(kind: Kind, raw: RawObject): void {
    const id = idOf(kind, raw);
    const version = versionOf(raw);
    if (kind === 'Secret' || kind === 'ConfigMap') this.#learn(id, version);
    else if (kind !== 'EndpointSlice' || this.#isWantedSlice(raw)) this.#hold(id, raw, version);
    else this.#drop(id);
  }

  /** What was fetched because it is wanted; may be older than what was held meanwhile. */
  fetched(kind: Kind, raw: RawObject): void {
    this.#hold(idOf(kind, raw), raw, versionOf(raw));
  }

  remove(kind: Kind, raw: RawObject): void {
    const id = idOf(kind, raw);
    this.#known.delete(id);
    this.#drop(id);
  }

  /** `scope`: the namespace that was listed, `''` for all. What is held of it and not among `raws` is gone. */
  replace(kind: Kind, scope: string, raws: readonly RawObject[]): void {
    const listed = new Set(raws.map((raw) => idOf(kind, raw)));
    const prefix = scope === '' ? `${kind}/` : `${kind}/${scope}/`;
    for (const id of [...this.#held.keys(), ...this.#known.keys()]) {
      if (!id.startsWith(prefix) || listed.has(id)) continue;
      this.#known.delete(id);
      this.#drop(id, 'missed');
    }
    for (const id of this.#problems.keys()) if (id.startsWith(prefix) && !listed.has(id)) this.#problems.delete(id);
    for (const raw of raws) this.upsert(kind, raw);
  }

  /** Ids to fetch now: `Secret/…`, `ConfigMap/…`, and `Service/…` for its EndpointSlices. Each is told once. */
  takeDue(): readonly string[] {
    const due = [...this.#due];
    this.#due.clear();
    return due;
  }

  /** The last word on each object since the last call. */
  takeChanges(): readonly Change[] {
    const last = new Map<string, Change>();
    for (const change of this.#changes) {
      last.set(objectId(change.kind === 'upsert' ? refOf(change.object) : change.ref), change);
    }
    this.#changes = [];
    return [...last.values()];
  }

  problems(): readonly SourceProblem[] {
    return [...this.#problems.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, problems]) => problems);
  }

  #learn(id: string, version: string): void {
    if (this.#known.get(id) === version) return;
    this.#known.set(id, version);
    if (this.#wanted.has(id) && this.#held.get(id)?.resourceVersion !== version) this.#due.add(id);
  }

  #isWantedSlice(raw: RawObject): boolean {
    const { labels, namespace } = raw['metadata'] as {
      readonly labels?: Record<string, string>;
      readonly namespace?: string;
    };
    return this.#wanted.has(`Service/${namespace}/${labels?.[SERVICE_NAME]}`);
  }

  #hold(id: string, raw: RawObject, resourceVersion: string): void {
    const former = this.#held.get(id);
    if (former !== undefined && !isNewer(resourceVersion, former.resourceVersion)) return;
    const validated = this.#validate(lean(raw));
    if ('ignored' in validated) return;
    // What worked before goes on working, as in a directory.
    const worked = former !== undefined && !former.standsIn;
    const standsIn = 'problems' in validated;
    const object = standsIn ? validated.standIn : validated.object;
    if (standsIn) {
      // Translation speaks of what stands in.
      const of = worked || object === undefined ? { of: refusedOf(raw) } : {};
      const problems = validated.problems.map((problem) => ({ file: '', line: 0, object: id, ...problem, ...of }));
      if (object === undefined && former?.standsIn === true) this.#drop(id);
      this.#problems.set(id, problems);
      if (worked) return;
    } else this.#problems.delete(id);
    if (object === undefined) return;
    // A new status alone changes nothing for who reads the spec: the same instance stays.
    if (former !== undefined && sameContent(former.object, object)) {
      this.#held.set(id, { object: former.object, resourceVersion, standsIn });
      return;
    }
    this.#held.set(id, { object, resourceVersion, standsIn });
    this.#changes.push({ kind: 'upsert', object });
    this.#want(id, wantedBy(object));
  }

  #drop(id: string, how: 'deleted' | 'missed' = 'deleted'): void {
    this.#problems.delete(id);
    const former = this.#held.get(id);
    if (former === undefined) return;
    this.#held.delete(id);
    this.#changes.push({
      kind: 'remove',
      ref: refOf(former.object),
      ...(how === 'missed' && { missed: true as const }),
    });
    this.#want(id, new Set());
  }

  #want(referrer: string, next: ReadonlySet<string>): void {
    const former = this.#wants.get(referrer) ?? new Set<string>();
    if (next.size === 0) this.#wants.delete(referrer);
    else this.#wants.set(referrer, next);
    for (const id of next) {
      if (former.has(id)) continue;
      const count = this.#wanted.get(id) ?? 0;
      this.#wanted.set(id, count + 1);
      if (count === 0 && (id.startsWith('Service/') || this.#known.has(id))) this.#due.add(id);
    }
    for (const id of former) {
      if (next.has(id)) continue;
      const count = (this.#wanted.get(id) ?? 1) - 1;
      if (count > 0) this.#wanted.set(id, count);
      else {
        this.#wanted.delete(id);
        this.#due.delete(id);
        if (id.startsWith('Service/')) this.#dropSlices(id);
        else this.#drop(id);
      }
    }
  }

  #dropSlices(service: string): void {
    for (const [id, { object }] of this.#held) {
      if (object.kind !== 'EndpointSlice') continue;
      const { namespace, labels } = object.metadata;
      if (`Service/${namespace}/${labels[SERVICE_NAME]}` === service) this.#drop(id);
    }
  }
}

function idOf(kind: Kind, raw: RawObject): string {
  const { namespace = '', name } = raw['metadata'] as { readonly namespace?: string; readonly name: string };
  return objectId({ kind, namespace, name });
}

function versionOf(raw: RawObject): string {
  return (raw['metadata'] as { readonly resourceVersion?: string }).resourceVersion ?? '';
}

/** "resourceVersion … can be compared as integers" since Kubernetes 1.35; other servers' are only ever equal or not. */
function isNewer(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return version !== than;
  return BigInt(version) > BigInt(than);
}

/** Nothing that changes with a status: that would make the problem a new one. */
function refusedOf(raw: RawObject): RefusedObject {
  const {
    name = '',
    namespace = '',
    generation = 1,
    uid = '',
    creationTimestamp = '',
    annotations = {},
  } = raw['metadata'] as Partial<KubeObject['metadata']>;
  const spec = (raw['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  const owner = annotations[INGRESS_CLASS] === undefined ? {} : { [INGRESS_CLASS]: annotations[INGRESS_CLASS] };
  const kept = OWNERS.filter((field) => Object.hasOwn(spec, field)).map((field) => [field, spec[field]]);
  return {
    apiVersion: String(raw['apiVersion']),
    metadata: { name, namespace, generation, uid, creationTimestamp, annotations: owner, labels: {} },
    spec: Object.fromEntries(kept),
  };
}

/** Without what only the API server and kubectl need: it is often more than the rest. */
function lean(raw: RawObject): RawObject {
  const { managedFields: _, annotations, ...metadata } = raw['metadata'] as Record<string, unknown>;
  const kept = { ...(annotations as Readonly<Record<string, string>> | undefined) };
  delete kept[LAST_APPLIED];
  return { ...raw, metadata: { ...metadata, annotations: kept } };
}

function sameContent(a: KubeObject, b: KubeObject): boolean {
  const text = (object: KubeObject) =>
    JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: '' } });
  return text(a) === text(b);
}
