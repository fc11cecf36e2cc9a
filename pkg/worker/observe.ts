/** `--observe`: reads and judges as always, and serves, writes and creates nothing. Used by `controlplane.ts`. */
import type { Config } from '../config/config.ts';
import type { Ir } from '../ir/ir.ts';
import { ObservingSource } from '../source/observe.ts';
import type { Source } from '../source/source.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { Log } from '../telemetry/log.ts';
import { ControllerName, IngressControllerName } from '../translate/names.ts';

/** With the classes that are observed in place of our own; without any named, our own. */
export function observedSource(source: Source, { observeClasses: classes }: Config): Source {
  if (classes.length === 0) return source;
  return new ObservingSource(source, {
    classes,
    controllerName: ControllerName,
    ingressControllerName: IngressControllerName,
  });
}

/** What the data plane gets: it is ready, and binds nothing. */
export function withoutTraffic({ settings }: Ir): Ir {
  return {
    settings,
    sockets: {},
    listeners: {},
    routes: {},
    filters: {},
    clusters: {},
    certificates: {},
    authorities: {},
    policies: {},
    secrets: {},
  };
}

/** One line for the log, once everything was read. */
export function reportObserved(
  log: Log,
  ir: Ir | null,
  statuses: readonly ObjectStatus[],
  { observeClasses }: Config,
): void {
  if (ir === null) return;
  const refused = Object.values(ir.routes).flatMap(({ rules }) =>
    rules.filter(({ action }) => action.kind === 'refuse'),
  );
  log.info(
    {
      classes: observeClasses,
      listeners: Object.keys(ir.listeners).length,
      routes: Object.keys(ir.routes).length,
      refusedRules: refused.length,
      objectsWithProblems: statuses.filter(({ problems }) => problems.length > 0).length,
    },
    'observing only: nothing is served and no status is written; this is what would be',
  );
}
