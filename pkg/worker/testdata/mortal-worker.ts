/** The real data worker, which dies in the way that the path of a request says, and tells who served a path that wants to know. */
import { BroadcastChannel, threadId } from 'node:worker_threads';
import { assembleDataWorker } from '../assemble.ts';
import { runDataWorker } from '../worker-main.ts';

const hoard: unknown[] = [];
const told = new BroadcastChannel('mortal-worker');
told.unref();

await runDataWorker((env) =>
  assembleDataWorker({
    ...env,
    telemetry: {
      ...env.telemetry,
      exchange(record) {
        env.telemetry.exchange(record);
        if (record.path !== '/') told.postMessage({ path: record.path, thread: threadId });
        if (record.path === '/throw') setImmediate(fail);
        if (record.path === '/exit') setImmediate(() => process.exit(7));
        if (record.path === '/heap') for (;;) hoard.push({ more: hoard.length, text: `${hoard.length}` });
      },
    },
  }),
);

function fail(): never {
  throw new Error('the test asked for it');
}
