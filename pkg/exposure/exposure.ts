/**
 * Keeps the Services and EndpointSlices of Gateways as translation and the ready pods want them, while this pod leads. Started by the
 * control plane in a cluster.
 *
 * Level-based: each round compares all that is wanted with all that stands, so that nothing depends on having seen an event, and a new
 * leader goes on where the former stopped.
 */
import { type KubeApi, KubeError } from '../kube/api.ts';
import type { Clock } from '../store/clock.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { Log } from '../telemetry/log.ts';
import type { GatewayExposure, ServiceExposure } from '../translate/exposure.ts';
import { isInternalPort, serviceNameOf } from '../translate/gateway-service.ts';
import { buildService, buildSlices } from './objects.ts';
import type { ReadyPods } from './pods.ts';
import { type Allocation, allocatePorts, idOf, type PortMap } from './ports.ts';
import { NotOursError, pathOf, type Standing, Writer } from './writer.ts';

export interface ExposureParts {
  readonly api: KubeApi;
  readonly leadership: { leading(): boolean; onChange(listener: () => void): void };
  readonly pods: ReadyPods;
  /** That may be written in; none: all of them. */
  readonly namespaces: readonly string[];
  readonly log: Log;
  readonly clock: Clock;
  /** `refusals` says something else: statuses depend on it. */
  readonly onRefusals: () => void;
}

export interface Exposure {
  /** What the latest translation of `snapshot` wants, in the order of the Gateways' age. */
  publish(exposures: readonly GatewayExposure[], snapshot: Snapshot): void;
  /** By `namespace/name` of a Gateway: why its Service could not be written. */
  refusals(): Readonly<Record<string, string>>;
  /** Resolves when nothing is being written any more. */
  close(): Promise<void>;
}

interface Refused {
  /** Of the exposure that was refused. */
  readonly text: string;
  readonly error: unknown;
  /** ms, and when it is over by the clock. */
  readonly pause: number;
  readonly until: number;
}

/** ms until a round that failed is repeated, first and at most. */
const Retry = { first: 500, longest: 30_000 };
/** ms between looks at what others did to our objects; a deleted Service is noticed at once. */
const CheckEvery = 60_000;
/** ms that a Service which keeps being deleted waits to be made again: its Gateway is most likely being deleted. */
const RecreateEvery = 15_000;
/** Writes at a time. */
const Concurrency = 8;

export function createExposure(parts: ExposureParts): Exposure {
  const { leadership, pods, log, clock } = parts;
  const life = new AbortController();
  const writer = new Writer(parts.api, parts.namespaces, life.signal);
  /** Services that the snapshot has shown: one that is missing later was deleted. */
  const shown = new Map<string, string>();
  const recreated = new Map<string, number>();
  let exposures: readonly GatewayExposure[] | undefined;
  let refusals: Readonly<Record<string, string>> = {};
  /** Refused as they were wanted: not asked again with every change elsewhere. By id of the Gateway. */
  const refused = new Map<string, Refused>();
  let read = false;
  let again = false;
  let running: Promise<void> | undefined;
  let failures = 0;
  let cancelRetry: (() => void) | undefined;
  let cancelCheck: (() => void) | undefined;

  const trigger = (): void => {
    again = true;
    running ??= rounds().finally(() => {
      running = undefined;
      if (again && active()) trigger();
    });
  };

  const active = (): boolean => !life.signal.aborted && leadership.leading();

  const rounds = async (): Promise<void> => {
    // Several causes in one turn are one round.
    await Promise.resolve();
    while (again && active()) {
      again = false;
      cancelRetry?.();
      try {
        if (exposures !== undefined) await round(exposures);
      } catch (error) {
        if (life.signal.aborted) return;
        log.warn({ error: String(error) }, 'Services of Gateways could not be read');
        again = false;
        retry();
        return;
      }
    }
  };

  const retry = (): void => {
    cancelRetry?.();
    cancelRetry = clock.after(Math.min(Retry.longest, Retry.first * 2 ** failures++), trigger);
  };

  const check = (): void => {
    read = false;
    if (active()) trigger();
    cancelCheck = clock.after(CheckEvery, check);
  };

  async function round(wanted: readonly GatewayExposure[]): Promise<void> {
    if (!read) await writer.read();
    read = true;
    const allocation = allocatePorts(wanted, existingPorts(wanted, writer.standing));
    const found: Record<string, string> = {};
    let unsettled = false;
    await each(wanted, async (exposure) => {
      if (!active()) return;
      const id = idOf(exposure);
      const text = JSON.stringify(exposure);
      const former = refused.get(id);
      try {
        const waits = former?.text === text && clock.now() < former.until;
        await bring(exposure, allocation, waits ? former.error : undefined);
        refused.delete(id);
      } catch (error) {
        if (life.signal.aborted) return;
        unsettled = true;
        const refusal = refusalOf(error);
        if (refusal !== undefined && former?.error !== error) {
          const pause = Math.min(Retry.longest, former?.text === text ? former.pause * 2 : Retry.first);
          refused.set(id, { text, error, pause, until: clock.now() + pause });
        }
        if (refusal === undefined)
          log.warn({ gateway: id, error: String(error) }, 'the Service of a Gateway could not be written');
        else if (!isEnding(error)) found[id] = refusal;
      }
    });
    if (life.signal.aborted) return;
    for (const id of allocation.exhausted)
      found[id] = 'all internal ports are taken; delete Gateways or listeners with ports of their own';
    if (unsettled) retry();
    else failures = 0;
    if (JSON.stringify(found) === JSON.stringify(refusals)) return;
    refusals = found;
    parts.onRefusals();
  }

  /** @param refusal that stands: the Service is not asked for now */
  async function bring(exposure: GatewayExposure, allocation: Allocation, refusal: unknown): Promise<void> {
    // What it may have stays: see GatewayExposure.
    if (exposure.kind === 'Keep') return;
    const service = pathOf('Service', { namespace: exposure.namespace, name: serviceNameOf(exposure) });
    if (exposure.kind === 'None') {
      for (const path of slicesOf(exposure)) await writer.remove(path);
      await writer.remove(service);
      return;
    }
    const wait = (recreated.get(service) ?? 0) - clock.now();
    if (wait > 0) {
      clock.after(wait, trigger);
      return;
    }
    const ports = allocation.ports.get(idOf(exposure)) ?? new Map<number, number>();
    let failure = refusal;
    if (ports.size > 0 && failure === undefined) {
      try {
        const known = writer.standing.has(service);
        if ((await writer.apply(buildService(exposure, ports))) && !known)
          log.info({ gateway: idOf(exposure), service: serviceNameOf(exposure) }, 'Service made');
      } catch (error) {
        failure = error;
      }
    }
    // Pods come and go whatever is wrong with the Service: the slices follow what it says now.
    await bringSlices(exposure, portsOf(writer.standing.get(service)));
    if (failure !== undefined) throw failure;
  }

  async function bringSlices(exposure: ServiceExposure, ports: PortMap): Promise<void> {
    const ready = pods.list();
    // No pod at all is most likely an API server that was away: its last word serves better than none.
    if (ports.size === 0 || ready.length === 0) return;
    const wanted = buildSlices(exposure, ports, ready);
    for (const slice of wanted) await writer.apply(slice);
    const paths = new Set(wanted.map(({ metadata }) => pathOf('EndpointSlice', metadata)));
    for (const path of slicesOf(exposure)) if (!paths.has(path)) await writer.remove(path);
  }

  function slicesOf(exposure: GatewayExposure): readonly string[] {
    const name = serviceNameOf(exposure);
    return [...writer.standing]
      .filter(
        ([, { kind, metadata }]) =>
          kind === 'EndpointSlice' &&
          metadata.namespace === exposure.namespace &&
          metadata.labels?.['kubernetes.io/service-name'] === name,
      )
      .map(([path]) => path);
  }

  /** Somebody deleted a Service, or wrote it: a load balancer, or a person. */
  function compare(wanted: readonly GatewayExposure[], snapshot: Snapshot): void {
    for (const exposure of wanted) {
      if (exposure.kind !== 'Service') continue;
      const name = serviceNameOf(exposure);
      const path = pathOf('Service', { namespace: exposure.namespace, name });
      const seen = snapshot.get('Service', exposure.namespace, name)?.metadata.resourceVersion ?? '';
      const before = shown.get(path) ?? '';
      if (seen === before) continue;
      shown.set(path, seen);
      if (seen !== '') {
        if (seen !== writer.standing.get(path)?.metadata.resourceVersion) writer.touch(path);
        continue;
      }
      shown.delete(path);
      writer.forget(path);
      const last = recreated.get(path);
      recreated.set(
        path,
        last === undefined || clock.now() - last > RecreateEvery * 4 ? clock.now() : clock.now() + RecreateEvery,
      );
    }
  }

  /** Of Gateways that are gone. */
  function forget(wanted: readonly GatewayExposure[]): void {
    const ids = new Set(wanted.map(idOf));
    for (const id of refused.keys()) if (!ids.has(id)) refused.delete(id);
    const paths = new Set(wanted.map((each) => pathOf('Service', { ...each, name: serviceNameOf(each) })));
    for (const map of [shown, recreated]) for (const path of map.keys()) if (!paths.has(path)) map.delete(path);
  }

  leadership.onChange(() => {
    read = false;
    trigger();
  });
  pods.onChange(trigger);
  cancelCheck = clock.after(CheckEvery, check);

  return {
    publish(wanted, snapshot) {
      exposures = wanted;
      forget(wanted);
      compare(wanted, snapshot);
      trigger();
    },
    refusals: () => refusals,
    async close() {
      cancelRetry?.();
      cancelCheck?.();
      life.abort();
      await running;
    },
  };
}

function existingPorts(
  exposures: readonly GatewayExposure[],
  standing: ReadonlyMap<string, Standing>,
): ReadonlyMap<string, PortMap> {
  const gateways = new Map(
    exposures.map((each) => [pathOf('Service', { namespace: each.namespace, name: serviceNameOf(each) }), idOf(each)]),
  );
  const services = [...standing].filter(([, { kind }]) => kind === 'Service');
  return new Map(services.map(([path, service]) => [gateways.get(path) ?? path, portsOf(service)]));
}

function portsOf(service: Standing | undefined): PortMap {
  const ports = service?.spec?.ports ?? [];
  return new Map(ports.flatMap(({ port, targetPort }) => (isInternalPort(targetPort) ? [[port, targetPort]] : [])));
}

/** What a user can do something about; undefined for what passes by itself. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof NotOursError) return error.message;
  if (!(error instanceof KubeError)) throw error;
  return [400, 403, 413, 422].includes(error.code) ? error.message : undefined;
}

/** Its namespace is being deleted, and so will be the Gateway: nothing is wrong, and nothing to be done. */
function isEnding(error: unknown): boolean {
  return error instanceof KubeError && error.message.includes('being terminated');
}

async function each<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await task(item);
  };
  await Promise.all(Array.from({ length: Concurrency }, lane));
}
