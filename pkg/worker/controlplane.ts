/** The control plane, put together: a directory of manifests, the controller, and what the admin endpoints see of it. */

import type { DebugPage } from '../admin/server.ts';
import { startTable } from '../admin/table.ts';
import { viewOf } from '../admin/views.ts';
import { validateObject } from '../api/validate.ts';
import type { Config } from '../config/config.ts';
import { createController } from '../controller/controller.ts';
import { createLastKnownGood } from '../controller/last-known-good.ts';
import { DirectorySource } from '../source/directory.ts';
import { StatusMemory } from '../status/memory.ts';
import { systemClock } from '../store/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { Memo } from '../translate/memo.ts';
import { translate } from '../translate/translate.ts';
import type { Ack, DataPlane } from './dataplane.ts';

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
  /** The first configuration is served; what to print. */
  readonly onTable: (text: string) => void;
}

/** @throws an Error for the user if the options name no source */
export function startControlPlane({ config, dataPlane, log, onState, onTable }: ControlPlaneOptions): ControlPlane {
  if (config.directory === null)
    throw new Error('--directory is missing: this release reads manifests from a directory only');
  const memo = new Memo();
  const source = new DirectorySource(config.directory, {
    validate: validateObject,
    // An empty directory at start is a failed mount where a former run served objects from it.
    expectObjects: () => controller.state().degraded,
    onNote: ({ file, line, message }) => log.info({ file, line }, message),
  });
  const statuses = new StatusMemory({
    print: (line) => log.warn({}, line),
    now: () => new Date(),
    placeOf: (ref, path) => source.placeOf(ref, path),
  });
  let lastAck: Ack = { version: 0, unbound: {} };
  const controller = createController({
    source,
    translate: (snapshot, options) => translate(snapshot, options, memo),
    dataPlane: {
      async apply(version, ir) {
        lastAck = await dataPlane.apply(version, ir);
        return lastAck;
      },
      onRebound: (listener) => dataPlane.onRebound?.(listener),
      close: () => dataPlane.close(),
    },
    statusSink: statuses,
    options: {
      addresses: config.addresses,
      portMap: config.portMap,
      allowLoopbackEndpoints: config.allowLoopbackEndpoints ?? true,
      directoryMode: true,
    },
    log,
    clock: systemClock,
    ...(config.lastKnownGood === null
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

  controller.start().catch((error: unknown) => log.error({ error: String(error) }, 'the source could not start'));
  void controller.ready().then(() => {
    const { ir } = controller.state();
    if (ir !== null) onTable(startTable(ir, lastAck.unbound));
  });
  return {
    inspect(page) {
      const { version, ir, problems } = controller.state();
      return viewOf(page, { version, ir, statuses: statuses.statuses, problems });
    },
    // In a directory nobody is to be told.
    drain: () => {},
    close: () => controller.close(),
  };
}
