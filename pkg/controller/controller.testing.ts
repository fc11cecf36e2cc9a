/** Fakes around the controller: a source that tests feed, a data plane that they acknowledge for, a translate that is a toy. */
import type { KubeObject } from '../api/object.ts';
import type { Ir } from '../ir/ir.ts';
import type { Progress } from '../kube/versions.ts';
import type { Change, Source, SourceSink } from '../source/source.ts';
import type { StatusSink } from '../status/sink.ts';
import type { ObjectStatus } from '../status/status.ts';
import { FakeClock } from '../store/clock.testing.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { Log } from '../telemetry/log.ts';
import type { TranslateOptions, Translation } from '../translate/translation.ts';
import type { Ack, DataPlane } from '../worker/dataplane.ts';
import { type ControllerOptions, createController } from './controller.ts';

export function service(name: string): KubeObject {
  const metadata = { name, namespace: 'default', generation: 1, labels: {}, annotations: {} };
  return { apiVersion: 'v1', kind: 'Service', metadata };
}

/** Names stand in the place of authorities: the one section that is plain text. */
export function irOf(names: readonly string[]): Ir {
  const none = { sockets: {}, listeners: {}, routes: {}, filters: {}, clusters: {} };
  const authorities = Object.fromEntries(names.map((name) => [name, name]));
  const certificates = { 'Secret/default/tls': { certificate: 'public', key: 'private' } };
  return {
    ...none,
    settings: { default: {} as Ir['settings']['default'] },
    certificates,
    authorities,
    policies: {},
    secrets: {},
  };
}

/** Each Service is a route and a Gateway is always there; a Service `throw` is a bug, one with `-` in its name is not in the IR. */
export function toyTranslate(snapshot: Snapshot, options: TranslateOptions): Translation {
  const names = snapshot.list('Service').map(({ metadata }) => metadata.name);
  if (names.includes('throw')) throw new Error('a bug');
  const unbound = Object.keys(options.unbound).join();
  const condition = (type: string) => ({ type, status: 'True', reason: type, message: unbound, observedGeneration: 1 });
  const status = (kind: string, name: string): ObjectStatus => ({
    ref: { group: '', kind, namespace: 'default', name },
    generation: 1,
    status: { conditions: [condition('Accepted'), condition('Programmed')] },
    problems: [],
  });
  const statuses = [status('Gateway', 'gw'), ...names.map((name) => status('GatewayRoute', name))];
  return { ir: irOf(names.filter((name) => !name.includes('-'))), statuses };
}

export class FakeDataPlane implements DataPlane {
  readonly applied: { readonly version: number; readonly ir: Ir }[] = [];
  readonly pending: { resolve(ack: Ack): void; reject(error: Error): void }[] = [];

  async apply(version: number, ir: Ir): Promise<Ack> {
    this.applied.push({ version, ir });
    const { promise, resolve, reject } = Promise.withResolvers<Ack>();
    this.pending.push({ resolve, reject });
    return promise;
  }

  /** Acknowledges the oldest configuration in flight. */
  async ack(unbound: Ack['unbound'] = {}): Promise<void> {
    this.pending.shift()?.resolve({ version: this.applied.at(-1)?.version ?? 0, unbound });
    await settle();
  }

  async close(): Promise<void> {}

  /** `1:a,b 2:a`: versions and the names in them. */
  get history(): string {
    return this.applied.map(({ version, ir }) => `${version}:${Object.keys(ir.authorities).join()}`).join(' ');
  }
}

export class FakeSink implements StatusSink {
  readonly published: string[] = [];

  /** `Gateway/gw Programmed=True`, one line for each publication. */
  publish(statuses: readonly ObjectStatus[]): void {
    const lines = statuses.map(({ ref, status }) => {
      const conditions = status['conditions'] as { type: string; status: string; message: string }[];
      return `${ref.kind}/${ref.name} ${conditions.map((c) => `${c.type}=${c.status}`).join()} ${conditions[0]?.message ?? ''}`;
    });
    this.published.push(lines.map((line) => line.trim()).join('; '));
  }

  problems(): void {}
}

class FakeSource implements Source {
  private sink: SourceSink | undefined;
  private readonly first: readonly Change[];
  /** The source is away until this resolves. */
  private readonly there: Promise<void>;

  constructor(first: readonly Change[], there: Promise<void>) {
    this.first = first;
    this.there = there;
  }

  async start(sink: SourceSink): Promise<void> {
    this.sink = sink;
    await this.there;
    sink.apply(this.first);
  }

  change(changes: readonly Change[], progress?: Progress): void {
    this.sink?.apply(changes, progress);
  }

  async close(): Promise<void> {}
}

/** Lets everything run that waits for nothing outside. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export function setUp(names: readonly string[], extra: Partial<ControllerOptions> = {}, there = Promise.resolve()) {
  const upsert = (name: string): Change => ({ kind: 'upsert', object: service(name) });
  const remove = (name: string): Change => ({
    kind: 'remove',
    ref: { group: '', kind: 'Service', namespace: 'default', name },
  });
  const source = new FakeSource(names.map(upsert), there);
  const clock = new FakeClock();
  const dataPlane = new FakeDataPlane();
  const statusSink = new FakeSink();
  const lines: string[] = [];
  const note = (_: object, message: string) => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note, fatal: note };
  const options = { addresses: [], portMap: {}, allowLoopbackEndpoints: true, directoryMode: true, now: 0 };
  const controller = createController({
    source,
    translate: toyTranslate,
    dataPlane,
    statusSink,
    options: () => options,
    log,
    clock,
    ...extra,
  });
  /** Feeds changes and lets the debounce pass. */
  const change = async (added: readonly string[], removed: readonly string[] = []) => {
    source.change([...added.map(upsert), ...removed.map(remove)]);
    clock.advance(10);
    await settle();
  };
  return { source, clock, dataPlane, statusSink, controller, lines, log, change };
}
