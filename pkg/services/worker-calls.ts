/** Requests that the services thread has workers send: they alone reach clusters. Under way, by the worker that was asked. */
import type { MessagePort } from 'node:worker_threads';
import type { FromChannel, ToChannel } from './channel.ts';
import type { CallCluster } from './feed.ts';

export interface WorkerCalls {
  /** @param ports of workers; they are asked in turn, so that one that hangs does not keep all from being answered */
  from(ports: () => Iterable<MessagePort>): CallCluster;
  called(port: MessagePort, message: Extract<FromChannel, { kind: 'called' }>): void;
  /** The worker has ended. */
  ended(port: MessagePort): void;
}

interface Pending {
  readonly port: MessagePort;
  readonly settle: (answer: Extract<FromChannel, { kind: 'called' }>['answer']) => void;
}

export function createWorkerCalls(): WorkerCalls {
  const pending = new Map<number, Pending>();
  let lastId = 0;

  const call =
    (ports: () => Iterable<MessagePort>): CallCluster =>
    (request, signal) => {
      const all = [...ports()];
      const id = ++lastId;
      const port = all[id % all.length];
      if (port === undefined) return Promise.reject(new Error('there is no worker to ask it'));
      const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<CallCluster>>>();
      const aborted = (): void => settle('no answer in time');
      const settle: Pending['settle'] = (answer) => {
        signal.removeEventListener('abort', aborted);
        pending.delete(id);
        if (typeof answer === 'string') reject(new Error(answer));
        else resolve(answer);
      };
      signal.addEventListener('abort', aborted);
      pending.set(id, { port, settle });
      port.postMessage({ kind: 'call', id, call: request } satisfies ToChannel);
      return promise;
    };

  return {
    from: call,
    called(port, { id, answer }) {
      const found = pending.get(id);
      if (found?.port === port) found.settle(answer);
    },
    ended(port) {
      for (const each of pending.values()) if (each.port === port) each.settle('the worker that asked it has ended');
    },
  };
}
