/** What nginx reads of request streams. Streams that should end at a message's end share a connection, a sentinel request behind each. */
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { readMessage } from '../../pkg/testkit/message.ts';
import type { Frame, Reading } from './reading.ts';

/** One stream to read. */
export interface Job {
  readonly bytes: Buffer;
  /** We read nothing behind it: the client asked to close. */
  readonly closes: boolean;
  /** Whether message i is a HEAD request, to us. */
  readonly heads: readonly boolean[];
  readonly done: (theirs: Reading) => void;
}

/** Streams in flight on one connection, and connections. */
const Batch = 24;
const Connections = 6;
const Patience = 5_000;

export class NginxRequests {
  readonly #path: string;
  readonly #queue: Job[] = [];
  #connections = 0;
  #waiters: { readonly below: number; readonly resolve: () => void }[] = [];
  #open = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add(job: Job): void {
    this.#open++;
    this.#queue.push(job);
    if (this.#connections < Connections && this.#queue.length >= Batch) this.#connect(Batch);
  }

  /** Waits until fewer than `count` streams are under way. */
  async below(count: number): Promise<void> {
    if (this.#open < count) return;
    const below = new Promise<void>((resolve) => void this.#waiters.push({ below: count, resolve }));
    this.#more();
    await below;
  }

  #more(): void {
    while (this.#queue.length > 0 && this.#connections < Connections) this.#connect(Batch);
    for (const waiter of this.#waiters.filter(({ below }) => this.#open < below)) waiter.resolve();
    this.#waiters = this.#waiters.filter(({ below }) => this.#open >= below);
  }

  #connect(batch: number): void {
    const jobs: Job[] = [];
    while (jobs.length < batch && this.#queue.length > 0) {
      const job = this.#queue.shift()!;
      jobs.push(job);
      if (job.closes) break;
    }
    this.#connections++;
    const run = new Run(connect({ path: this.#path }), jobs, (left) => {
      this.#connections--;
      this.#open -= jobs.length - left.length;
      this.#queue.unshift(...left);
      this.#more();
    });
    run.start();
  }
}

/** One connection. The first stream that does not end as expected takes the connection with it; those behind it are read again elsewhere. */
class Run {
  readonly #socket: Socket;
  readonly #jobs: readonly Job[];
  readonly #finished: (left: readonly Job[]) => void;
  #received: Buffer = Buffer.alloc(0);
  #at = 0;
  #frames: Frame[] = [];
  #over = false;

  constructor(socket: Socket, jobs: readonly Job[], finished: (left: readonly Job[]) => void) {
    this.#socket = socket;
    this.#jobs = jobs;
    this.#finished = finished;
  }

  start(): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Buffer) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
      this.#read(false);
    });
    socket.on('error', () => this.#read(true));
    socket.on('close', () => this.#read(true));
    // Silence is an answer: it waits for more of a message that is complete to us.
    socket.setTimeout(Patience, () => this.#stop('more'));
    const parts = this.#jobs.flatMap(({ bytes, closes }, i) => (closes ? [bytes] : [bytes, sentinel(i)]));
    socket.write(Buffer.concat(parts));
  }

  #read(ended: boolean): void {
    while (!this.#over) {
      const { heads, closes } = this.#jobs[this.#at]!;
      const message = readMessage(this.#received, { head: heads[this.#frames.length] ?? false, ended });
      if (message === null) {
        if (!ended) return;
        this.#stop('connection closed');
        return;
      }
      this.#received = this.#received.subarray(message.raw.length);
      const status = message.startLine.slice(9, 12);
      if (status === '100') continue;
      if (status !== '200') {
        this.#stop(status);
        return;
      }
      const start = message.header('x-message') ?? '';
      if (!closes && start === `GET ${sentinelTarget(this.#at)}`) {
        this.#next('end');
        continue;
      }
      const [host, length, coding] = ['x-host', 'x-length', 'x-coding'].map((name) => message.header(name) ?? '');
      const fields = `host:${host}\ncontent-length:${length}\ntransfer-encoding:${coding}\n`;
      this.#frames.push({ start, fields, body: message.body.toString('latin1'), complete: true });
      // It need not close: where two Connection fields say close and keep-alive it obeys the last.
      if (closes && this.#frames.length === heads.length) this.#stop('end');
    }
  }

  #next(stop: string): void {
    const job = this.#jobs[this.#at]!;
    const frames = this.#frames;
    this.#frames = [];
    this.#at++;
    if (this.#at === this.#jobs.length) this.#finish();
    job.done({ frames, stop });
  }

  #stop(stop: string): void {
    if (this.#over) return;
    const job = this.#jobs[this.#at]!;
    const frames = this.#frames;
    this.#at++;
    this.#finish();
    job.done({ frames, stop });
  }

  #finish(): void {
    this.#over = true;
    this.#socket.destroy();
    this.#finished(this.#jobs.slice(this.#at));
  }
}

// Never made by the grammar: each stream ends with its own.
function sentinelTarget(index: number): string {
  return `/sentinel-8d1f-${index}`;
}

function sentinel(index: number): Buffer {
  return Buffer.from(`GET ${sentinelTarget(index)} HTTP/1.1\r\nHost: sentinel\r\n\r\n`, 'latin1');
}
