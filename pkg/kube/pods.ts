/**
 * Who else serves: each gateway pod keeps a Lease of its own that says where it is, whether it takes traffic, and how far it serves what
 * the API server has; everyone reads them all. A pod that was silent for 15 s is taken for gone.
 *
 * Silence is measured by this pod's clock, and only while it hears itself: when the API server is away nobody can speak, and nobody is
 * taken for gone; when it is back everyone has 15 s to speak up.
 */
import type { Clock } from '../store/clock.ts';
import { type KubeApi, KubeError } from './api.ts';
import { type Lease, leases } from './lease-object.ts';
import { buildPodLease, isOfInstance, type Pod, PodSelector, type PodState, readPodLease } from './pod-lease.ts';
import { reflect } from './reflector.ts';
import { collectionPath, objectPath } from './resource.ts';
import { reaches, type Versions } from './versions.ts';

export interface Pods {
  /** Alive and ready, by name. This one is among them as soon as its Lease says so. */
  list(): readonly Pod[];
  onChange(listener: () => void): void;
  /** Names of the others in `list` that do not serve everything up to `versions` yet. */
  behind(versions: Versions): readonly string[];
  /** Told when `behind` may say less. */
  onProgress(listener: () => void): void;
  /** Whether this pod takes traffic. */
  setReady(ready: boolean): void;
  /** Every worker of this pod serves what the API server had up to here. */
  acknowledge(versions: Versions): void;
  /** Leaves: the others stop counting on it. */
  close(): Promise<void>;
}

export interface PodsOptions {
  readonly api: KubeApi;
  readonly self: Pod;
  /** Name of the installation: pods of others are not looked at. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** What others read in the Lease; only an old one that is seen for the first time is judged by it. */
  readonly now: () => Date;
  readonly onError: (error: KubeError) => void;
}

/** ms */
const Renew = 5_000;
const AtMostEvery = 1_000;
const AfterFailure = 2_000;
/** For one request. */
const Patience = 4_000;
const Silence = 15_000;
/** How much clocks of nodes may differ. */
const Skew = 30_000;
/** A Lease that nobody has renewed for so long is that of a pod that crashed: it is deleted. */
const Forgotten = 600_000;

interface Seen {
  readonly pod: Pod;
  readonly state: PodState;
  readonly version: string;
  /** By this pod's clock: when the Lease was seen to change. */
  readonly noted: number;
  /** When its silence began; later than `noted` after an outage. */
  readonly at: number;
}

export function followPods(options: PodsOptions): Pods {
  return new LeasedPods(options);
}

class LeasedPods implements Pods {
  readonly #options: PodsOptions;
  readonly #life = new AbortController();
  readonly #seen = new Map<string, Seen>();
  readonly #listeners: (() => void)[] = [];
  readonly #progress: (() => void)[] = [];
  #state: PodState = { ready: false, acknowledged: {} };
  #told = '[]';
  /** When this pod's own Lease was seen to change. */
  #echo = Number.NEGATIVE_INFINITY;
  #renewed = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | undefined;
  #cancelRenew: (() => void) | undefined;
  #cancelSilence: (() => void) | undefined;

  constructor(options: PodsOptions) {
    this.#options = options;
    const { api, clock, random, self, instance, onError } = options;
    void reflect(
      {
        api,
        clock,
        random,
        path: async () => collectionPath(leases, self.namespace),
        query: { labelSelector: PodSelector },
        sink: {
          replace: (raws, state) => {
            // An API server that does not let us read knows nothing of who is there.
            if (state !== 'listed') return;
            const found = (raws as unknown as readonly Lease[]).filter((lease) => isOfInstance(lease, instance));
            const names = new Set(found.map(({ metadata }) => metadata.name));
            for (const name of this.#seen.keys()) if (!names.has(name)) this.#seen.delete(name);
            for (const lease of found) this.#note(lease);
            this.#tell();
          },
          upsert: (raw) => {
            const lease = raw as unknown as Lease;
            if (isOfInstance(lease, instance)) this.#note(lease);
            else this.#seen.delete(lease.metadata.name);
            this.#tell();
          },
          remove: (raw) => {
            this.#seen.delete((raw as unknown as Lease).metadata.name);
            this.#tell();
          },
          failed: (error) => onError(error),
        },
      },
      this.#life.signal,
    );
    this.#renew();
  }

  list(): readonly Pod[] {
    return this.#serving()
      .map(({ pod }) => pod)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  behind(versions: Versions): readonly string[] {
    const { self } = this.#options;
    return this.#serving()
      .filter(({ pod, state }) => pod.name !== self.name && !reaches(state.acknowledged, versions))
      .map(({ pod }) => pod.name)
      .toSorted();
  }

  onProgress(listener: () => void): void {
    this.#progress.push(listener);
  }

  setReady(ready: boolean): void {
    this.#change({ ...this.#state, ready });
  }

  acknowledge(acknowledged: Versions): void {
    this.#change({ ...this.#state, acknowledged });
  }

  async close(): Promise<void> {
    const { api, self } = this.#options;
    this.#life.abort();
    this.#cancelRenew?.();
    this.#cancelSilence?.();
    await this.#writing;
    await this.#within(async (signal) => api.send({ method: 'DELETE', path: objectPath(leases, self), signal })).catch(
      () => {},
    );
  }

  #serving(): readonly Seen[] {
    const heard = this.#heard();
    return [...this.#seen.values()].filter(({ state, at }) => state.ready && heard - at <= Silence);
  }

  /** Until when others could be heard: this pod's own Lease comes back by the same watch. */
  #heard(): number {
    const now = this.#options.clock.now();
    return now - this.#echo <= 1.5 * Renew ? now : this.#echo;
  }

  #note(lease: Lease): void {
    const { clock, self } = this.#options;
    const { name, resourceVersion = '' } = lease.metadata;
    const former = this.#seen.get(name);
    // Listed again, not renewed.
    if (former !== undefined && former.version === resourceVersion) return;
    const now = clock.now();
    const { pod, state } = readPodLease(lease, self.namespace);
    const at = former === undefined && this.#isOld(lease) ? Number.NEGATIVE_INFINITY : now;
    this.#seen.set(name, { pod, state, version: resourceVersion, noted: now, at });
    if (name !== self.name) return;
    // Nobody was heard for a while: nobody's silence means anything.
    if (now - this.#echo > 2 * Renew) {
      for (const [other, each] of this.#seen) {
        if (each.at > Number.NEGATIVE_INFINITY) this.#seen.set(other, { ...each, at: now });
      }
    }
    this.#echo = now;
  }

  /** Seen for the first time, and not renewed for so long by any clock: its pod is gone, and must not get traffic until it speaks. */
  #isOld({ spec }: Lease): boolean {
    const renewed = Date.parse(spec.renewTime ?? '');
    return this.#options.now().getTime() - renewed > Silence + Skew;
  }

  #tell(): void {
    const { clock } = this.#options;
    this.#cancelSilence?.();
    const now = clock.now();
    const left = [...this.#seen.values()].map(({ at }) => at + Silence - now).filter((each) => each >= 0);
    const next = Math.min(...left);
    if (Number.isFinite(next) && !this.#life.signal.aborted)
      this.#cancelSilence = clock.after(next + 1, () => this.#tell());
    this.#forget();
    for (const listener of this.#progress) listener();
    const text = JSON.stringify(this.list());
    if (text === this.#told) return;
    this.#told = text;
    for (const listener of this.#listeners) listener();
  }

  #forget(): void {
    const { api, self, onError } = this.#options;
    const heard = this.#heard();
    for (const [name, { noted, at, version }] of this.#seen) {
      if (name === self.name || heard - Math.max(noted, at) <= Forgotten) continue;
      this.#seen.delete(name);
      // Only as it was seen: a pod that lives after all has renewed it.
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { resourceVersion: version } };
      const path = objectPath(leases, { namespace: self.namespace, name });
      void this.#within(async (signal) => api.send({ method: 'DELETE', path, body, signal })).catch(
        (error: unknown) => {
          if (error instanceof KubeError && error.code !== 404 && error.code !== 409) onError(error);
        },
      );
    }
  }

  #change(state: PodState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.#schedule(this.#renewed + AtMostEvery - this.#options.clock.now());
  }

  #schedule(delay: number): void {
    this.#cancelRenew?.();
    if (!this.#life.signal.aborted)
      this.#cancelRenew = this.#options.clock.after(Math.max(0, delay), () => this.#renew());
  }

  /** One at a time: an older state that arrives later would stand. */
  #renew(): void {
    const { api, self, instance, clock, random, now, onError } = this.#options;
    if (this.#life.signal.aborted) return;
    if (this.#writing !== undefined) {
      this.#schedule(AtMostEvery);
      return;
    }
    this.#renewed = clock.now();
    const written = this.#state;
    const body = buildPodLease(self, written, { instance, now: now(), silence: Silence });
    const query = { fieldManager: 'suuupra-gateway', force: 'true' };
    const contentType = 'application/apply-patch+yaml';
    this.#schedule(Renew * (0.9 + 0.2 * random()));
    this.#writing = this.#within(async (signal) =>
      api.send({ method: 'PATCH', path: objectPath(leases, self), query, body, contentType, signal }),
    )
      .then(
        () => {
          if (this.#state !== written) this.#schedule(this.#renewed + AtMostEvery - clock.now());
        },
        (error: unknown) => {
          onError(error instanceof KubeError ? error : new KubeError(String(error), { code: 0 }));
          this.#schedule(AfterFailure);
        },
      )
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #within<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const patience = new AbortController();
    const cancel = this.#options.clock.after(Patience, () => patience.abort());
    try {
      return await task(patience.signal);
    } finally {
      cancel();
    }
  }
}
