/** The real data worker, which dies in the way that the path of a request says. */
import { assembleDataWorker } from '../assemble.ts';
import { runDataWorker } from '../worker-main.ts';

const hoard: unknown[] = [];

await runDataWorker((env) =>
  assembleDataWorker({
    ...env,
    telemetry: {
      ...env.telemetry,
      exchange(record) {
        env.telemetry.exchange(record);
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
