/**
 * Loaded into every thread of a real gateway before its own code (`node --import`): lets a scenario end workers and learn which worker serves which
 * connection, without a line of it in the product. `mortal/fleet.ts` starts and commands it through a socket file.
 */
import { registerHooks } from 'node:module';
import { createServer } from 'node:net';
import { BroadcastChannel, isMainThread, type Worker, workerData } from 'node:worker_threads';
import type { ThreadData } from '../../pkg/worker/protocol.ts';
import type { Ending, Order, Report } from './mortal/order.ts';

const { MORTAL_SOCKET = '' } = process.env;
const orders = new BroadcastChannel('mortal');
orders.unref();
if (isMainThread) listen();
else obey((workerData as ThreadData).thread);

/** The main thread takes orders, and passes on what only the thread itself can do. */
function listen(): void {
  const alive = new Map<string, Worker>();
  process.on('worker', (worker: Worker) => {
    const name = worker.threadName ?? '';
    alive.set(name, worker);
    worker.once('exit', () => {
      if (alive.get(name) === worker) alive.delete(name);
    });
  });
  const server = createServer((socket) => {
    const say = (report: Report): void => void socket.write(`${JSON.stringify(report)}\n`);
    socket.on('error', () => undefined);
    socket.on('data', (line) => {
      const { name, ending } = JSON.parse(line.toString()) as Order;
      const worker = alive.get(name);
      if (worker === undefined) {
        say({ kind: 'absent' });
        return;
      }
      const thread = worker.threadId;
      worker.once('exit', () => say({ kind: 'ended', thread }));
      if (ending === 'terminate') void worker.terminate();
      else orders.postMessage({ name, ending } satisfies Order);
    });
  });
  server.listen(MORTAL_SOCKET);
  server.unref();
}

function obey(name: string): void {
  if (!name.startsWith('worker-')) return;
  orders.addEventListener('message', (event) => {
    const order = (event as MessageEvent).data as Order;
    if (order.name === name) end(order.ending);
  });
  // The data plane is put together with telemetry that tells who served.
  registerHooks({
    resolve(specifier, context, next) {
      const own = specifier === './assemble.ts' && context.parentURL?.endsWith('/worker-thread.ts') === true;
      return next(own ? new URL('./mortal/assemble.ts', import.meta.url).href : specifier, context);
    },
  });
}

function end(ending: Ending): void {
  if (ending === 'throw') setImmediate(fail);
  if (ending !== 'heap') return;
  for (const hoard: unknown[] = []; ; ) hoard.push({ more: hoard.length, text: `${hoard.length}` });
}

function fail(): never {
  throw new Error('the scenario asked for it');
}
