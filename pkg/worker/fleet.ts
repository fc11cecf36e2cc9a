/** The data workers, seen from the main thread: what they serve, who acknowledged it, and that each that dies or hangs is replaced. */
import type { MessagePort } from 'node:worker_threads';
import type { Ir } from '../ir/ir.ts';
import { createLineMemory } from '../telemetry/line-pool.ts';
import type { Log } from '../telemetry/log.ts';
import { createRow, type SlotLabels, slotStart, Worker as WorkerFields, type WorkerMemory } from '../telemetry/row.ts';
import type { Unbound } from './dataworker.ts';
import { sameJson } from './delta.ts';
import { createHistory } from './history.ts';
import { createProbe, type Probe } from './probe.ts';
import type { Apply, FromWorker, ThreadData, ToWorker } from './protocol.ts';
import { startThread, type Thread } from './thread.ts';
import { createTickets } from './tickets.ts';

export interface Fleet {
  /** Resolves when every worker serves it. One at a time: the next is sent once this one was probed and posted. */
  apply(apply: Apply): Promise<Unbound>;
  /** Whether every worker serves some configuration. */
  readonly serving: boolean;
  readonly restarts: number;
  /** A services thread began its life: every worker gets a channel to it. */
  connect(channel: () => MessagePort): void;
  /** Resolves when every worker is idle, or gone. */
  drain(delay: number, timeout: number): Promise<void>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly entry: URL;
  readonly count: number;
  readonly heapLimit: number;
  readonly data: Pick<ThreadData, 'config' | 'logFormat' | 'reusePort' | 'descriptorLimit'>;
  readonly log: Log;
  readonly probe?: Probe;
  /** Seconds without a heartbeat after which a worker counts as hanging. Default 10. */
  readonly patience?: number;
  /** ms between tries to bind what was not free. */
  readonly retryEvery?: number;
  /** For a worker that starts: its end of a channel to the services thread; null while there is none. */
  readonly channel: () => MessagePort | null;
  /** What the services thread is told. */
  readonly onOpen: (worker: string, memory: WorkerMemory) => void;
  readonly onLabels: (worker: string, labels: readonly SlotLabels[]) => void;
  readonly onEnded: (worker: string) => void;
  readonly onLines: (worker: string, segment: number) => void;
  readonly onLogLine: (line: string) => void;
  /** Which sockets are unbound has changed without a new configuration. */
  readonly onRebound: (unbound: Unbound) => void;
  /** A worker acknowledged, died, or was replaced. */
  readonly onChange: () => void;
}

interface Member {
  readonly thread: Thread<ToWorker>;
  row: SharedArrayBuffer;
  /** Version it serves; 0 for none. */
  version: number;
  unbound: Unbound;
  drained: boolean;
  beat: number;
  missedBeats: number;
}

interface Waiting {
  readonly version: number;
  readonly resolve: (unbound: Unbound) => void;
}

/** How often sockets that were not free are tried again, in milliseconds. */
const RetryEvery = 5000;

export function startFleet(options: FleetOptions): Fleet {
  const { log, probe = createProbe(), patience = 10 } = options;
  const history = createHistory();
  let sockets: Ir['sockets'] = {};
  let refused: Unbound = {};
  let told: Unbound = {};
  let waiting: Waiting[] = [];
  let restarts = 0;
  let draining: { readonly resolve: () => void } | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  const tickets = createTickets((keys) => post({ kind: 'ticketKeys', keys }));
  const members = Array.from({ length: options.count }, (_, index) => startMember(index));
  const watch = setInterval(watchHeartbeats, 1000);
  const retry = setInterval(retryRefused, options.retryEvery ?? RetryEvery);

  function startMember(index: number): Member {
    const name = `worker-${index + 1}`;
    const state = { version: 0, unbound: {}, drained: false, beat: 0, missedBeats: 0 };
    let row = createRow();
    const thread = startThread<ToWorker, FromWorker>({
      entry: options.entry,
      heapLimit: options.heapLimit,
      data: () => {
        row = createRow();
        const memory = { row, lines: createLineMemory() };
        options.onOpen(name, memory);
        return { ...options.data, thread: name, index, memory, ticketKeys: tickets.keys };
      },
      // A replacement thus serves without anybody having to be asked. The channel first: filters are built by the configuration.
      onStart(post) {
        const port = options.channel();
        if (port !== null) post({ kind: 'channel', port }, [port]);
        configure(post);
      },
      onMessage: (message) => receive(member, name, message),
      onEnd: (reason, pause) => ended(member, name, reason, pause),
      replace: () => draining === null,
    });
    const member: Member = {
      ...state,
      thread,
      get row() {
        return row;
      },
    };
    return member;
  }

  function configure(post: (message: ToWorker) => void): void {
    if (history.texts.length === 0) return;
    post({ kind: 'configure', version: history.version, texts: history.texts, refused });
  }

  function receive(member: Member, name: string, message: FromWorker): void {
    switch (message.kind) {
      case 'log':
        options.onLogLine(message.line);
        break;
      case 'lines':
        options.onLines(name, message.segment);
        break;
      case 'labels':
        options.onLabels(name, message.labels);
        break;
      case 'acknowledged':
        member.version = message.version;
        member.unbound = message.unbound;
        settle();
        options.onChange();
        break;
      case 'drained':
        member.drained = true;
        settleDrain();
        break;
    }
  }

  function ended(member: Member, name: string, reason: string, pause: number): void {
    restarts += pause >= 0 ? 1 : 0;
    log.error(
      { reason, worker: name },
      pause >= 0 ? `a worker died, replaced in ${pause} ms` : 'a worker died while draining',
    );
    member.version = 0;
    member.drained = pause < 0;
    member.beat = 0;
    member.missedBeats = 0;
    options.onEnded(name);
    options.onChange();
    settleDrain();
  }

  function settle(): void {
    const least = Math.min(...members.map((member) => member.version));
    const done = waiting.filter(({ version }) => version <= least);
    waiting = waiting.filter(({ version }) => version > least);
    const unbound = Object.assign({}, ...members.map((member) => member.unbound)) as Unbound;
    for (const { resolve } of done) resolve(unbound);
    if (least < history.version || waiting.length > 0) return;
    if (done.length === 0 && !sameJson(told, unbound)) options.onRebound(unbound);
    told = unbound;
  }

  function settleDrain(): void {
    if (members.every((member) => member.drained)) draining?.resolve();
  }

  /** A worker whose event loop does not turn serves nobody and would keep its connections for ever. */
  function watchHeartbeats(): void {
    for (const member of members) {
      const beat = new Float64Array(member.row)[slotStart('worker', 0) + WorkerFields.heartbeat] ?? 0;
      const alive = beat !== member.beat || beat === 0;
      member.missedBeats = alive ? 0 : member.missedBeats + 1;
      member.beat = beat;
      if (member.missedBeats < patience) continue;
      log.error({}, `a worker has not turned its event loop for ${patience} s and is ended`);
      member.missedBeats = 0;
      member.thread.kill();
    }
  }

  function post(message: ToWorker): void {
    for (const { thread } of members) thread.post(message);
  }

  async function publish(apply: Apply, resolve: (unbound: Unbound) => void): Promise<void> {
    sockets = apply.sockets;
    refused = await probe.check(sockets);
    history.add(apply);
    waiting.push({ version: history.version, resolve });
    post({ kind: 'configure', version: history.version, texts: [apply.text], refused });
  }

  /** What holds an address may go away, and nobody edits a manifest for it. */
  function retryRefused(): void {
    if (Object.keys(refused).length === 0) return;
    turn = turn.then(async () => {
      const before = refused;
      refused = await probe.check(sockets);
      if (!sameJson(before, refused)) post({ kind: 'configure', version: history.version, texts: [], refused });
    });
  }

  return {
    apply(apply) {
      const { promise, resolve, reject } = Promise.withResolvers<Unbound>();
      turn = turn.then(() => publish(apply, resolve)).catch(reject);
      return promise;
    },
    get serving() {
      return members.every((member) => member.version > 0);
    },
    get restarts() {
      return restarts;
    },
    connect(channel) {
      for (const { thread } of members) {
        if (!thread.alive) continue;
        const port = channel();
        thread.post({ kind: 'channel', port }, [port]);
      }
    },
    drain(delay, timeout) {
      const { promise, resolve } = Promise.withResolvers<void>();
      draining = { resolve };
      post({ kind: 'drain', delay, timeout });
      for (const member of members) member.drained = !member.thread.alive;
      settleDrain();
      return promise;
    },
    async stop() {
      clearInterval(watch);
      clearInterval(retry);
      tickets.close();
      await Promise.all(members.map((member) => member.thread.stop()));
    },
  };
}
