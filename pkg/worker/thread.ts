/** One thread that is kept alive: started, and started anew with growing pauses when it dies. The supervisor's only way to have threads. */
import { type Transferable, Worker } from 'node:worker_threads';
import type { ThreadData } from './protocol.ts';

export interface Thread<In> {
  /** false between two lives. */
  readonly alive: boolean;
  /** Dropped while the thread is between two lives. */
  post(message: In, transfer?: readonly Transferable[]): void;
  /** Ends this life as a crash would: for a thread that hangs. */
  kill(): void;
  /** Ends it for good. */
  stop(): Promise<void>;
}

export interface ThreadOptions<In, Out> {
  readonly entry: URL;
  /** Made for each life. */
  readonly data: () => ThreadData;
  /** MiB; 0 for the default. A thread that hits it dies alone. */
  readonly heapLimit: number;
  /** A new life began. What is posted waits until its code listens. */
  readonly onStart: (post: (message: In, transfer?: readonly Transferable[]) => void) => void;
  readonly onMessage: (message: Out) => void;
  /**
   * A life ended without having been asked to.
   * @param pause ms until the next one starts; -1: there is none
   */
  readonly onEnd: (reason: string, pause: number) => void;
  /** Whether a dead thread is replaced; asked each time. */
  readonly replace: () => boolean;
}

/** Pause before a restart, in milliseconds: the first is short, since one crash is most likely an accident. */
const FirstPause = 50;
const LongestPause = 10_000;
/** A life longer than this clears the record. */
const GoodLife = 30_000;

export function startThread<In, Out>(options: ThreadOptions<In, Out>): Thread<In> {
  let worker: Worker | null = null;
  let timer: NodeJS.Timeout | null = null;
  let pause = FirstPause;
  let stopped = false;

  function start(): void {
    timer = null;
    if (!options.replace()) return;
    const born = performance.now();
    const data = options.data();
    let reason: string | null = null;
    const life = new Worker(options.entry, {
      workerData: data,
      name: data.thread,
      resourceLimits: options.heapLimit > 0 ? { maxOldGenerationSizeMb: options.heapLimit } : {},
    });
    worker = life;
    life.on('message', options.onMessage);
    life.on('error', (error: Error) => {
      reason = error.stack ?? error.message;
    });
    life.once('exit', (code) => {
      if (worker === life) worker = null;
      if (stopped) return;
      if (performance.now() - born > GoodLife) pause = FirstPause;
      const next = options.replace() ? pause : -1;
      options.onEnd(reason ?? `exit code ${code}`, next);
      if (next < 0) return;
      timer = setTimeout(start, next);
      pause = Math.min(LongestPause, pause * 2);
    });
    options.onStart((message, transfer = []) => life.postMessage(message, transfer));
  }

  start();
  return {
    get alive() {
      return worker !== null;
    },
    post(message, transfer = []) {
      worker?.postMessage(message, transfer);
    },
    kill() {
      void worker?.terminate();
    },
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await worker?.terminate();
    },
  };
}
