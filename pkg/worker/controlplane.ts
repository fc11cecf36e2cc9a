/** The control plane, put together: a directory of manifests or a cluster, the controller, and what the admin endpoints see of it. */

import type { DebugPage } from '../admin/server.ts';
import { startTable } from '../admin/table.ts';
import { viewOf } from '../admin/views.ts';
import { validateObject } from '../api/validate.ts';
import type { Config } from '../config/config.ts';
import { type Controller, createController } from '../controller/controller.ts';
import { createLastKnownGood } from '../controller/last-known-good.ts';
import { DirectorySource } from '../source/directory.ts';
import type { Source } from '../source/source.ts';
import { settledHealth } from '../status/health.ts';
import { withKeyTimes } from '../status/keytimes.ts';
import { StatusMemory } from '../status/memory.ts';
import { systemClock } from '../store/clock.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { ClusterFigures } from '../telemetry/exposition.ts';
import type { Log } from '../telemetry/log.ts';
import { Memo } from '../translate/memo.ts';
import { translate } from '../translate/translate.ts';
import type { TranslateOptions } from '../translate/translation.ts';
import { unassignedOptions } from '../translate/unassigned.ts';
import { type Cluster, type ClusterReader, openCluster, openReader } from './cluster.ts';
import type { Ack, DataPlane } from './dataplane.ts';
import { observedSource, reportObserved, withoutTraffic } from './observe.ts';

export interface ControlPlane {
  inspect(page: DebugPage): string;
  /** This pod takes no new traffic from now on. */
  drain(): void;
  close(): Promise<void>;
}

export interface ControlPlaneOptions {
  readonly config: Config;
  readonly dataPlane: DataPlane;
  readonly log: Log;
  readonly onState: (degraded: boolean, problems: number) => void;
  /** How many objects vanished all at once, and are kept for a while. */
  readonly onHeld: (objects: number) => void;
  /** What this pod writes to the API server; when it says something new, about every second. */
  readonly onFigures: (figures: ClusterFigures) => void;
  /** The first configuration is served; what to print. */
  readonly onTable: (text: string) => void;
}

/** @throws an Error for the user if there is no way to the API server */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { config, dataPlane, log, onState, onTable } = options;
  const memo = new Memo();
  let running: Controller | undefined;
  let draining = false;
  const again = () => running?.again();
  const isDegraded = () => running?.state().degraded === true;
  const parts =
    config.directory === null
      ? await inCluster(options, again, isDegraded)
      : inDirectory(config.directory, log, isDegraded);
  const { statuses } = parts;
  const source = config.observe ? observedSource(parts.source, config) : parts.source;
  // Nobody makes Services for what is only observed in a cluster.
  const unassigned = config.observe && config.directory === null;
  let reported = false;
  let lastAck: Ack = { version: 0, unbound: {} };
  let translated: Snapshot | undefined;
  const controller = createController({
    source,
    translate(snapshot, translateOptions) {
      translated = snapshot;
      const options = unassigned
        ? { ...unassignedOptions(snapshot), ...defaultCertificateOf(config), countries: config.geoipDatabase !== null }
        : translateOptions;
      return translate(snapshot, options, memo);
    },
    dataPlane: {
      async apply(version, ir) {
        lastAck = await dataPlane.apply(version, config.observe ? withoutTraffic(ir) : ir);
        return lastAck;
      },
      onRebound: (listener) => dataPlane.onRebound?.(listener),
      close: () => dataPlane.close(),
    },
    statusSink: settledHealth(
      withKeyTimes(
        {
          publish(list, versions) {
            statuses.publish(list);
            if (config.observe && !reported) reportObserved(log, controller.state().ir, list, config);
            reported = true;
            parts.cluster?.statusSink.publish(list, versions);
          },
          problems(list) {
            statuses.problems(list);
            parts.cluster?.statusSink.problems(list);
          },
        },
        {
          clock: systemClock,
          now: () => new Date(),
          apiKeyOf: ({ namespace, name }) => translated?.get('APIKey', namespace, name),
        },
      ),
      systemClock,
    ),
    options: () => ({
      addresses: config.addresses,
      portMap: config.portMap,
      allowLoopbackEndpoints: config.allowLoopbackEndpoints ?? config.directory !== null,
      directoryMode: config.directory !== null,
      countries: config.geoipDatabase !== null,
      now: Date.now(),
      ...defaultCertificateOf(config),
      ...(parts.cluster && { cluster: parts.cluster.translateOptions() }),
    }),
    ...(parts.cluster && { onTranslation: parts.cluster.onTranslation, onServed: parts.cluster.onServed }),
    log,
    clock: systemClock,
    ...(config.lastKnownGood === null || config.observe
      ? {}
      : {
          lastKnownGood: createLastKnownGood({
            file: config.lastKnownGood,
            keys: config.lastKnownGoodKeys,
            log,
            clock: systemClock,
          }),
        }),
    onChange: () => onState(controller.state().degraded, statuses.standing.length),
  });
  running = controller;
  controller.start().catch((error: unknown) => log.error({ error: String(error) }, 'the source could not start'));
  void controller.ready().then(() => {
    const { ir } = controller.state();
    // For people at a terminal: a cluster's routes would be thousands of lines of its log.
    if (ir !== null && config.directory !== null) onTable(startTable(ir, lastAck.unbound));
    // It may have been told to leave before it had anything to serve.
    if (!draining) parts.cluster?.setReady(true);
  });
  return {
    inspect(page) {
      const { version, ir, problems } = controller.state();
      return viewOf(page, { version, ir, statuses: statuses.statuses, problems });
    },
    // In a directory nobody is to be told.
    drain() {
      draining = true;
      parts.cluster?.setReady(false);
    },
    async close() {
      await controller.close();
      await parts.cluster?.close();
      await parts.reader?.close();
    },
  };
}

function defaultCertificateOf({ defaultCertificate }: Config): Pick<TranslateOptions, 'defaultCertificate'> {
  const [namespace = '', name = ''] = defaultCertificate.split('/');
  return name === '' ? {} : { defaultCertificate: { namespace, name } };
}

interface Parts {
  readonly source: Source;
  readonly statuses: StatusMemory;
  readonly cluster?: Cluster;
  /** Instead of it, with --observe. */
  readonly reader?: ClusterReader;
}

function inDirectory(directory: string, log: Log, isDegraded: () => boolean): Parts {
  const source = new DirectorySource(directory, {
    validate: validateObject,
    // An empty directory at start is a failed mount where a former run served objects from it.
    expectObjects: isDegraded,
    onNote: ({ file, line, message }) => log.info({ file, line }, message),
  });
  const statuses = new StatusMemory({
    print: (line) => log.warn({}, line),
    now: () => new Date(),
    placeOf: (ref, path) => source.placeOf(ref, path),
  });
  return { source, statuses };
}

async function inCluster(
  { config, log, onHeld, onFigures }: ControlPlaneOptions,
  onChange: () => void,
  isDegraded: () => boolean,
): Promise<Parts> {
  const statuses = new StatusMemory({ print: (line) => log.warn({}, line), now: () => new Date() });
  if (config.observe) {
    const reader = await openReader({ config, log, onHeld });
    return { source: reader.source, statuses, reader };
  }
  const cluster = await openCluster({ config, log, onHeld, onFigures, isDegraded, onChange });
  return { source: cluster.source, statuses, cluster };
}
