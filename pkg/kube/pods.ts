/**
 * Who else serves: each gateway pod keeps a Lease of its own that says where it is and whether it takes traffic; everyone reads them all.
 * A pod that was silent for `Silence` is taken for gone.
 */
import type { Clock } from '../store/clock.ts';
import { KubeError, type KubeApi } from './api.ts';
import { ComponentLabel, leases, microTime } from './lease-object.ts';
import { type RawObject, reflect } from './reflector.ts';
import { collectionPath, objectPath } from './resource.ts';

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** One of each family at most. */
  readonly ips: readonly string[];
  /** `''` if it is not known. */
  readonly node: string;
}

export interface Pods {
  /** Alive and ready, by name. This one is among them as soon as its Lease says so. */
  list(): readonly Pod[];
  onChange(listener: () => void): void;
  /** Whether this pod takes traffic. */
  setReady(ready: boolean): void;
  /** Leaves: the others stop counting on it. */
  close(): Promise<void>;
}

export interface PodsOptions {
  readonly api: KubeApi;
  readonly self: Pod;
  readonly clock: Clock;
  readonly random: () => number;
  /** What others read in the Lease; nobody measures by it. */
  readonly now: () => Date;
  readonly onError: (error: KubeError) => void;
}

const IP = 'gateway.suuupra.io/pod-ip';
const READY = 'gateway.suuupra.io/ready';
const NODE = 'gateway.suuupra.io/node';
/** ms */
const Renew = 5_000;
const AtMostEvery = 1_000;
const Silence = 15_000;

interface Seen {
  readonly pod: Pod;
  readonly ready: boolean;
  /** By this pod's clock: when the Lease was seen to change. */
  readonly at: number;
}

export function followPods(options: PodsOptions): Pods {
  const { api, self, clock, random, now, onError } = options;
  const life = new AbortController();
  const listeners: (() => void)[] = [];
  const seen = new Map<string, Seen>();
  let ready = false;
  let told = '[]';
  let renewed = Number.NEGATIVE_INFINITY;
  let cancelRenew: (() => void) | undefined;
  let cancelSilence: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();

  const list = (): readonly Pod[] =>
    [...seen.values()]
      .filter((each) => each.ready && clock.now() - each.at <= Silence)
      .map(({ pod }) => pod)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const tell = () => {
    cancelSilence?.();
    const next = Math.min(
      ...[...seen.values()].map(({ at }) => at + Silence - clock.now()).filter((left) => left >= 0),
    );
    if (Number.isFinite(next)) cancelSilence = clock.after(next + 1, tell);
    const text = JSON.stringify(list());
    if (text === told) return;
    told = text;
    for (const listener of listeners) listener();
  };
  const note = (raw: RawObject) => {
    const { name, annotations = {} } = raw['metadata'] as {
      readonly name: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    const ips = (annotations[IP] ?? '').split(',').filter((ip) => ip !== '');
    const pod = { namespace: self.namespace, name, ips, node: annotations[NODE] ?? '' };
    seen.set(name, { pod, ready: annotations[READY] === 'true' && ips.length > 0, at: clock.now() });
  };
  const nameOf = (raw: RawObject) => (raw['metadata'] as { readonly name: string }).name;

  void reflect(
    {
      api,
      clock,
      random,
      path: async () => collectionPath(leases, self.namespace),
      query: { labelSelector: `${ComponentLabel}=pod` },
      sink: {
        replace(raws, state) {
          // An API server that does not let us read knows nothing of who is there.
          if (state !== 'listed') return;
          const names = new Set(raws.map(nameOf));
          for (const name of seen.keys()) if (!names.has(name)) seen.delete(name);
          for (const raw of raws) note(raw);
          tell();
        },
        upsert(raw) {
          note(raw);
          tell();
        },
        remove(raw) {
          seen.delete(nameOf(raw));
          tell();
        },
        failed: (error) => onError(error),
      },
    },
    life.signal,
  );

  const write = async () => {
    const annotations = { [IP]: self.ips.join(), [READY]: String(ready), [NODE]: self.node };
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: self.name, namespace: self.namespace, labels: { [ComponentLabel]: 'pod' }, annotations },
      spec: {
        holderIdentity: self.name,
        leaseDurationSeconds: Silence / 1000,
        renewTime: microTime(now()),
      },
    };
    const path = objectPath(leases, self);
    const query = { fieldManager: 'suuupra-gateway', force: 'true' };
    await api.send({ method: 'PATCH', path, query, body, contentType: 'application/apply-patch+yaml' });
  };
  const renew = () => {
    if (life.signal.aborted) return;
    cancelRenew?.();
    renewed = clock.now();
    writing = write().catch((error: unknown) => {
      if (error instanceof KubeError) onError(error);
    });
    cancelRenew = clock.after(Renew * (0.9 + 0.2 * random()), renew);
  };
  renew();

  return {
    list,
    onChange: (listener) => void listeners.push(listener),
    setReady(now) {
      if (ready === now) return;
      ready = now;
      cancelRenew?.();
      cancelRenew = clock.after(Math.max(0, renewed + AtMostEvery - clock.now()), renew);
    },
    async close() {
      life.abort();
      cancelRenew?.();
      cancelSilence?.();
      await writing;
      await api.send({ method: 'DELETE', path: objectPath(leases, self) }).catch(() => {});
    },
  };
}
