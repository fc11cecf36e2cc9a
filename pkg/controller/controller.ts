/**
 * The heart of the control plane: source → store → translate → data plane, then statuses. Started by the controller thread.
 *
 * Level-based: each run reads the whole snapshot, so that changes during a run are simply the next run. One configuration is in
 * flight at a time. Statuses follow the acknowledgement: Programmed means programmed.
 */
import type { Ir } from '../ir/ir.ts';
import type { Progress, Versions } from '../kube/versions.ts';
import type { Source, SourceProblem } from '../source/source.ts';
import { pendingStatuses } from '../status/pending.ts';
import type { StatusSink } from '../status/sink.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { Clock } from '../store/clock.ts';
import { createDebounce } from '../store/debounce.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { createStore } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { TranslateOptions, Translation } from '../translate/translation.ts';
import type { Ack, DataPlane } from '../worker/dataplane.ts';
import { sameJson } from '../worker/delta.ts';
import type { LastKnownGood } from './last-known-good.ts';

export interface ControllerOptions {
  readonly source: Source;
  readonly translate: (snapshot: Snapshot, options: TranslateOptions) => Translation;
  readonly dataPlane: DataPlane;
  readonly statusSink: StatusSink;
  /** Asked in every run. After it would say something else, call `again`. */
  readonly options: () => Omit<TranslateOptions, 'unbound'>;
  /** Told of every translation as soon as it is made, before it is served: a Gateway's Service comes before its traffic. */
  readonly onTranslation?: (translation: Translation, snapshot: Snapshot) => void;
  readonly log: Log;
  readonly clock: Clock;
  readonly lastKnownGood?: LastKnownGood;
  /** ms without a change before a run, and at most. Default 10 and 100. */
  readonly quiet?: number;
  readonly max?: number;
  /** ms after which routes are Accepted although the Ack is overdue. Default 5,000. */
  readonly patience?: number;
  /** Every worker serves what the source has read up to here. */
  readonly onServed?: (versions: Versions) => void;
  /** Called when state() says something new. */
  readonly onChange?: () => void;
}

export interface ControllerState {
  /** Of the configuration that every worker serves; 0 before the first. */
  readonly version: number;
  readonly ir: Ir | null;
  readonly statuses: readonly ObjectStatus[];
  readonly problems: readonly SourceProblem[];
  /** Serving the last known good, because the source has not delivered yet. */
  readonly degraded: boolean;
  /** Runs of translate that threw (a bug: the former configuration stays), and configurations that the data plane refused. */
  readonly failures: { readonly translate: number; readonly apply: number };
}

export interface Controller {
  /** Resolves once the source has delivered. A source that is away for long must not be waited for: see ready(). */
  start(): Promise<void>;
  /** Resolves when the first configuration is served, be it the last known good. */
  ready(): Promise<void>;
  state(): ControllerState;
  /** Something besides the objects, which translation depends on, has changed. */
  again(): void;
  close(): Promise<void>;
}

/** An Ack that names other unbound sockets leads to another run. More in a row than this is a quarrel, not progress. */
const MAX_REBOUND = 3;
/** ms until a configuration that the data plane refused is offered again. */
const RETRY = 1_000;

export function createController(parts: ControllerOptions): Controller {
  const { source, translate, dataPlane, statusSink, log, clock, lastKnownGood, onChange } = parts;
  const store = createStore();
  const life = new AbortController();
  const served = Promise.withResolvers<void>();
  let version = 0;
  let state: ControllerState = {
    version: 0,
    ir: null,
    statuses: [],
    problems: [],
    degraded: false,
    failures: { translate: 0, apply: 0 },
  };
  let unbound: Ack['unbound'] = {};
  let rebound = 0;
  /** False after a refusal: what the workers serve is then unknown, and even the same configuration must be offered again. */
  let certain = true;
  let delivered = false;
  let running = false;
  let again = false;
  let cancelRetry: (() => void) | undefined;
  let cancelAgain: (() => void) | undefined;
  let progress: Progress | undefined;
  /** Of the store, and how many of them are served. */
  let changes = 0;
  let servedChanges = -1;

  const set = (change: Partial<ControllerState>) => {
    state = { ...state, ...change };
    onChange?.();
  };
  const publish = (statuses: readonly ObjectStatus[], versions: Versions | undefined) => {
    statusSink.publish(statuses, versions);
    set({ statuses });
  };
  const debounce = createDebounce({ quiet: parts.quiet ?? 10, max: parts.max ?? 100, clock }, () => {
    rebound = 0;
    run();
  });

  /** Starts a run, or has the current one followed by another. */
  const run = () => {
    again = true;
    if (running || !delivered) return;
    running = true;
    void runs();
  };

  // A rejection here is a bug of a sink: it ends the thread, as bugs do.
  const runs = async () => {
    while (again && !life.signal.aborted) {
      again = false;
      await publishOnce();
    }
    running = false;
  };

  const publishOnce = async () => {
    const read = progress;
    const upTo = changes;
    const translation = translated();
    if (translation === undefined) return;
    let settled = true;
    if (state.ir === null || !certain || !sameJson(state.ir, translation.ir)) {
      const ack = await applied(translation, read);
      if (ack === undefined || life.signal.aborted) return;
      lastKnownGood?.save(ack.version, translation.ir);
      if (!sameJson(ack.unbound, unbound)) {
        unbound = ack.unbound;
        // These statuses would call sockets bound that are not, or the reverse: the next run knows better.
        settled = ++rebound > MAX_REBOUND;
        again ||= !settled;
      }
    }
    if (state.degraded) log.info({ version: state.version }, 'the source has delivered: no longer degraded');
    set({ degraded: false });
    if (!settled) return;
    servedChanges = upTo;
    publish(translation.statuses, read?.latest);
    tellServed(read);
  };

  /** What has been read since, and changed nothing, is served, too. */
  const tellServed = (read: Progress | undefined) => {
    const served = servedChanges === changes ? progress : read;
    if (served !== undefined) parts.onServed?.(served.seen);
  };

  const translated = (): Translation | undefined => {
    try {
      const snapshot = store.snapshot();
      const options = { ...parts.options(), unbound };
      const translation = translate(snapshot, options);
      parts.onTranslation?.(translation, snapshot);
      cancelAgain?.();
      cancelAgain = undefined;
      const wait = translation.again === undefined ? undefined : translation.again - options.now;
      if (wait !== undefined && !life.signal.aborted) cancelAgain = clock.after(Math.max(0, wait), run);
      return translation;
    } catch (error) {
      // One of the three places where a bug is caught: what is served stays.
      log.error(
        { error: Error.isError(error) ? error.stack : String(error) },
        'translation failed; the former configuration stays',
      );
      set({ failures: { ...state.failures, translate: state.failures.translate + 1 } });
      return undefined;
    }
  };

  const applied = async ({ ir, statuses }: Translation, read?: Progress): Promise<Ack | undefined> => {
    const began = clock.now();
    const overdue = clock.after(parts.patience ?? 5_000, () => {
      log.warn({ version }, 'not every worker has acknowledged the configuration yet');
      publish(pendingStatuses(statuses), read?.latest);
    });
    try {
      const ack = await dataPlane.apply(++version, ir);
      log.info(
        { version, ms: Math.round(clock.now() - began), routes: Object.keys(ir.routes).length },
        'configuration served',
      );
      certain = true;
      set({ version, ir });
      served.resolve();
      return ack;
    } catch (error) {
      log.error(
        { version, error: String(error) },
        'the data plane refused the configuration; offered again in a second',
      );
      certain = false;
      set({ failures: { ...state.failures, apply: state.failures.apply + 1 } });
      if (!life.signal.aborted) cancelRetry = clock.after(RETRY, run);
      return undefined;
    } finally {
      overdue();
    }
  };

  const serveLastKnownGood = async () => {
    const saved = await lastKnownGood?.load();
    if (saved === undefined) return;
    version = saved.version - 1;
    const ack = await applied({ ir: saved.ir, statuses: [] });
    if (ack === undefined) return;
    unbound = ack.unbound;
    set({ degraded: true });
    log.warn({ version }, 'serving the last known good until the source delivers');
  };

  return {
    async start() {
      dataPlane.onRebound?.((now) => {
        unbound = now;
        rebound = 0;
        run();
      });
      await serveLastKnownGood();
      await source.start({
        apply: (batch, now) => {
          progress = now ?? progress;
          if (store.apply(batch)) {
            changes++;
            debounce.trigger();
          } else if (servedChanges === changes) tellServed(progress);
        },
        problems: (problems) => {
          statusSink.problems(problems);
          set({ problems });
        },
      });
      if (life.signal.aborted) return;
      delivered = true;
      run();
    },
    ready: () => served.promise,
    state: () => state,
    again: () => debounce.trigger(),
    async close() {
      life.abort();
      debounce.close();
      cancelRetry?.();
      cancelAgain?.();
      await source.close();
      await lastKnownGood?.close();
    },
  };
}
