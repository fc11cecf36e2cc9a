/** The real data worker, which notes its thread for each request whose path is `/who/CONNECTION/…`. Takes the place of `pkg/worker/assemble.ts`. */
import { appendFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { assembleDataWorker as assemble } from '../../../pkg/worker/assemble.ts';
import type { DataWorker } from '../../../pkg/worker/dataworker.ts';
import type { WorkerEnv } from '../../../pkg/worker/worker-main.ts';

const { MORTAL_WHO = '' } = process.env;

export function assembleDataWorker(env: WorkerEnv): Promise<DataWorker> {
  const { telemetry } = env;
  return assemble({
    ...env,
    telemetry: {
      ...telemetry,
      exchange(record) {
        telemetry.exchange(record);
        if (!record.path.startsWith('/who/')) return;
        // Short appends are whole; a thread that ends right after has told.
        appendFileSync(MORTAL_WHO, `${record.path.split('/', 3)[2]} worker-${env.index + 1} ${threadId}\n`);
      },
    },
  });
}
