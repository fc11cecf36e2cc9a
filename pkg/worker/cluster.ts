/** The control plane's rooms for a cluster, put together: API server, source, leader, statuses, Services of Gateways. Used by `controlplane.ts`. */

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { isKind } from '../api/kinds.ts';
import { validateObject } from '../api/validate.ts';
import type { Config } from '../config/config.ts';
import { version } from '../config/version.ts';
import { createExposure } from '../exposure/exposure.ts';
import { type KubeApi, KubeError } from '../kube/api.ts';
import { followApiServer } from '../kube/api-server.ts';
import { createKubeApi } from '../kube/client.ts';
import type { Credentials } from '../kube/credentials.ts';
import { Election } from '../kube/lease.ts';
import { isLeaving } from '../kube/leaving.ts';
import { followPods } from '../kube/pods.ts';
import type { Versions } from '../kube/versions.ts';
import { assumedObjects } from '../source/assumed.ts';
import { HoldingSource } from '../source/hold.ts';
import { KubeSource, type Witness } from '../source/kube.ts';
import type { Source } from '../source/source.ts';
import type { Unread } from '../source/unread.ts';
import type { StatusSink } from '../status/sink.ts';
import { Standings } from '../status/standings.ts';
import { createStatusWriter } from '../status/writer.ts';
import { type Clock, systemClock } from '../store/clock.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { ClusterFigures } from '../telemetry/exposition.ts';
import type { Log } from '../telemetry/log.ts';
import { ControllerName, IngressControllerName } from '../translate/names.ts';
import type { ClusterOptions, Translation } from '../translate/translation.ts';
import { tellNews } from './news.ts';

export interface Cluster {
  readonly source: Source;
  readonly statusSink: StatusSink;
  translateOptions(): ClusterOptions;
  readonly onTranslation: (translation: Translation, snapshot: Snapshot) => void;
  /** Every worker serves what the source has read up to here. */
  readonly onServed: (versions: Versions) => void;
  /** This pod takes traffic, or no more. */
  setReady(ready: boolean): void;
  /** After the controller: gives up leadership last. */
  close(): Promise<void>;
}

export interface ClusterParts {
  readonly config: Config;
  readonly log: Log;
  readonly onHeld: (objects: number) => void;
  readonly onFigures: (figures: ClusterFigures) => void;
  /** The last known good is served, which is better than a state with anything left out. */
  readonly isDegraded: () => boolean;
  /** translateOptions says something else. */
  readonly onChange: () => void;
}

const random = () => Math.random();
const now = () => new Date();
/** ms */
const FiguresEvery = 1_000;
const ForbiddenGrace = 10_000;

/** @throws an Error for the user if there is no way to the API server */
export async function openCluster({
  config,
  log,
  onHeld,
  onFigures,
  isDegraded,
  onChange,
}: ClusterParts): Promise<Cluster> {
  const { credentials, api } = await connect(config);
  const clock = systemClock;
  const { instance } = config;
  const name = config.podName ?? hostname();
  const namespace = config.podNamespace ?? credentials.namespace;
  const failed = (what: string) => (error: KubeError) =>
    log.warn({ what, error: error.message }, 'the API server could not be used');

  const election = new Election({
    api,
    namespace,
    name: `${instance}-leader`,
    instance,
    identity: `${name}_${crypto.randomUUID()}`,
    clock,
    random,
    now,
    onError: failed('leader election'),
  });
  const ips = (config.podIp ?? '').split(',').filter((ip) => isIP(ip) !== 0);
  const pods = followPods({
    api,
    self: { namespace, name, ips, node: config.nodeName ?? '' },
    instance,
    clock,
    random,
    now,
    onError: failed('pods'),
  });
  const exposure = createExposure({
    api,
    leadership: election,
    pods,
    namespaces: config.watchNamespaces,
    log,
    clock,
    onRefusals: onChange,
  });
  /** What the statuses in hand were made of. */
  let latest: Snapshot | undefined;
  const standings = new Standings();
  const statuses = createStatusWriter({
    api,
    standings,
    leadership: election,
    quorum: { behind: (versions) => pods.behind(versions), onChange: (listener) => pods.onProgress(listener) },
    controller: ControllerName,
    namespaces: config.watchNamespaces,
    clock,
    random,
    now,
    uidOf: ({ kind, namespace, name: object }) =>
      isKind(kind) ? latest?.get(kind, namespace, object)?.metadata.uid : undefined,
    onError: (object, error, delay) =>
      log.warn({ object, error: error.message, delay }, 'a status could not be written; tried again'),
  });
  const news = tellNews({
    api,
    leadership: election,
    writer: statuses,
    snapshot: () => latest,
    instance: name,
    clock,
    random,
    now,
    onError: failed('events'),
  });
  // A Role says nothing about what belongs to the cluster: then the Service's address alone is known.
  const apiServer = followApiServer({
    api,
    server: credentials.server,
    slices: config.watchNamespaces.length === 0,
    clock,
    onChange,
    onError: failed("the API server's addresses"),
  });
  election.start();
  pods.onChange(onChange);
  election.onChange(() =>
    log.info({ leading: election.leading() }, election.leading() ? 'this pod leads' : 'this pod follows'),
  );
  const life = new AbortController();
  let unread: readonly Unread[] = [];
  const closeFigures = watchFigures(
    () => {
      const leading = election.leading();
      const { writes, failures, pending } = statuses.figures;
      return {
        leading,
        statusWrites: writes,
        statusFailures: failures,
        statusesPending: leading ? pending : 0,
        eventsDropped: news.dropped,
        unread,
      };
    },
    clock,
    onFigures,
  );
  return {
    source: sourceOf({
      api,
      config,
      log,
      onHeld,
      onVanished: (held) => news.tellHeld(held, config.massDeleteHold),
      witness: standings,
      isDegraded,
      onUnread(now) {
        unread = now;
      },
      signal: life.signal,
    }),
    statusSink: config.watchNamespaces.length === 0 ? news.statusSink : namespacedOnly(news.statusSink),
    translateOptions: () => ({
      ingressService: config.ingressService,
      podAddresses: pods.list().flatMap((pod) => pod.ips),
      apiServer: apiServer.addresses(),
      ownAddresses: ips,
      refusals: exposure.refusals(),
    }),
    onTranslation({ ir, exposures = [] }, snapshot) {
      latest = snapshot;
      news.look(ir, snapshot);
      exposure.publish(exposures, snapshot);
    },
    onServed: (versions) => pods.acknowledge(versions),
    setReady: (ready) => pods.setReady(ready),
    async close() {
      life.abort();
      apiServer.close();
      closeFigures();
      news.close();
      await statuses.close();
      await exposure.close();
      await pods.close();
      await election.close();
      await api.close();
    },
  };
}

/** For `--observe`: only reads, and nobody is told. @throws an Error for the user if there is no way to the API server */
export async function openReader({
  config,
  log,
  onHeld,
}: Omit<ClusterParts, 'onChange' | 'onFigures' | 'isDegraded'>): Promise<ClusterReader> {
  const { api } = await connect(config);
  const life = new AbortController();
  return {
    source: sourceOf({ api, config, log, onHeld, signal: life.signal }),
    async close() {
      life.abort();
      await api.close();
    },
  };
}

export interface ClusterReader {
  readonly source: Source;
  close(): Promise<void>;
}

async function connect({ kubeconfig, context }: Config): Promise<{ credentials: Credentials; api: KubeApi }> {
  // Large, and needed by nobody else.
  const { loadCredentials } = await import('../kube/credentials.ts');
  const credentials = loadCredentials({ kubeconfig, context });
  return { credentials, api: createKubeApi({ credentials, userAgent: `suuupra-gateway/${version}` }) };
}

interface SourceParts extends Pick<ClusterParts, 'config' | 'log' | 'onHeld'> {
  readonly api: KubeApi;
  /** By kind, how many objects vanished all at once. */
  readonly onVanished?: (held: ReadonlyMap<string, number>) => void;
  readonly witness?: Witness;
  readonly isDegraded?: () => boolean;
  readonly onUnread?: (unread: readonly Unread[]) => void;
  readonly signal: AbortSignal;
}

function sourceOf({
  api,
  config,
  log,
  onHeld,
  onVanished,
  witness,
  isDegraded,
  onUnread,
  signal,
}: SourceParts): Source {
  const source = new KubeSource({
    api,
    validate: validateObject,
    namespaces: config.watchNamespaces,
    // Roles let nothing be read that has no namespace.
    ...(config.watchNamespaces.length > 0 && { assumed: assumptionsOf(config) }),
    ...(witness && { witness }),
    needs: config.defaultCertificate === '' ? [] : [`Secret/${config.defaultCertificate}`],
    mayLeaveOut: () => isDegraded?.() !== true,
    forbiddenGrace: ForbiddenGrace,
    needsProtection: true,
    onUnread(unread) {
      for (const { collection, message } of unread)
        log.error({ collection, error: message }, 'objects cannot be read; changes of them do not arrive');
      if (unread.length === 0) log.info({}, 'all objects can be read again');
      onUnread?.(unread);
    },
    clock: systemClock,
    random,
    onFailure: (what, error, delay) =>
      log.warn({ what, error: error.message, delay: Math.round(delay) }, 'objects could not be read; tried again'),
  });
  return new HoldingSource(source, {
    hold: config.massDeleteHold,
    clock: systemClock,
    isLeaving: async (kind) => isLeaving(api, kind, signal),
    onChange(held, released) {
      const counts = Object.fromEntries(held);
      if (held.size > 0)
        log.warn(
          { held: counts, hold: config.massDeleteHold },
          'objects vanished all at once; they are served for a while',
        );
      else log.warn({ released }, 'objects that had vanished are let go, or came back');
      onVanished?.(held);
      onHeld([...held.values()].reduce((sum, count) => sum + count, 0));
    },
  });
}

function assumptionsOf({ watchNamespaces: namespaces, gatewayClass, ingressClass, classConfig }: Config) {
  const names = { controllerName: ControllerName, ingressControllerName: IngressControllerName };
  return assumedObjects({ namespaces, gatewayClass, ingressClass, classConfig, ...names });
}

/** Roles let no status be written of what has no namespace. */
function namespacedOnly(sink: StatusSink): StatusSink {
  return {
    publish: (statuses, versions) =>
      sink.publish(
        statuses.filter(({ ref }) => ref.namespace !== ''),
        versions,
      ),
    problems: (problems) => sink.problems(problems),
  };
}

/** Tells them while they change. @returns what ends it */
function watchFigures(read: () => ClusterFigures, clock: Clock, tell: (figures: ClusterFigures) => void): () => void {
  let told = '';
  let cancel = () => {};
  const look = () => {
    const figures = read();
    const text = JSON.stringify(figures);
    if (text !== told) tell(figures);
    told = text;
    cancel = clock.after(FiguresEvery, look);
  };
  look();
  return () => cancel();
}
