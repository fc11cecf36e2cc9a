/**
 * Compares passwords with bcrypt hashes, in a thread of its own: one comparison takes 50 to 400 ms of a core, which neither the services
 * thread nor a data worker can spare. One at a time, so that guessing passwords never costs the pod more than one core; who finds the
 * queue full is refused, and asks again.
 */
import { Worker } from 'node:worker_threads';
import type { PasswordQuestion } from '../policy/feeds.ts';
import type { Clock } from '../store/clock.ts';

export interface Passwords {
  /** Rejects when too many wait, when `signal` aborts, or with what went wrong. */
  matches(question: PasswordQuestion, signal: AbortSignal): Promise<boolean>;
  close(): void;
}

export interface PasswordsOptions {
  /** `password-thread.ts`. */
  readonly entry: URL;
  readonly clock: Clock;
}

const Waiting = 32;
/** ms without a question until the thread ends. */
const Idle = 60_000;

interface Task {
  readonly question: PasswordQuestion;
  readonly signal: AbortSignal;
  readonly resolve: (matches: boolean) => void;
  readonly reject: (error: Error) => void;
}

export function createPasswords({ entry, clock }: PasswordsOptions): Passwords {
  const queue: Task[] = [];
  let worker: Worker | null = null;
  let current: Task | null = null;
  let cancelEnd = (): void => undefined;

  function start(): Worker {
    const life = new Worker(entry, { name: 'passwords' });
    // The process may end while somebody guesses.
    life.unref();
    life.on('message', (matches: boolean) => finish((task) => task.resolve(matches)));
    life.on('error', (error: Error) => end(life, error));
    life.on('exit', () => end(life, new Error('the thread for passwords ended')));
    return life;
  }

  function end(life: Worker, error: Error): void {
    if (worker !== life) return;
    worker = null;
    finish((task) => task.reject(error));
  }

  function finish(settle: (task: Task) => void): void {
    const task = current;
    current = null;
    if (task !== null) settle(task);
    next();
  }

  function next(): void {
    if (current !== null) return;
    // Whoever gave up is not worth a core.
    do current = queue.shift() ?? null;
    while (current?.signal.aborted === true);
    cancelEnd();
    if (current !== null) (worker ??= start()).postMessage(current.question);
    else if (worker !== null) cancelEnd = clock.after(Idle, stop);
  }

  function stop(): void {
    const life = worker;
    worker = null;
    void life?.terminate();
  }

  return {
    matches(question, signal) {
      if (queue.length >= Waiting) return Promise.reject(new Error('too many passwords wait to be checked'));
      return new Promise((resolve, reject) => {
        queue.push({ question, signal, resolve, reject });
        signal.addEventListener('abort', () => reject(new Error('nobody waits for the password any more')), {
          once: true,
        });
        next();
      });
    },
    close() {
      cancelEnd();
      stop();
      for (const task of [...(current === null ? [] : [current]), ...queue.splice(0)])
        task.reject(new Error('the gateway stops'));
      current = null;
    },
  };
}
