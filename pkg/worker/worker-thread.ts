/** Entry of a data worker's thread: started by the supervisor. */
import { assembleDataWorker } from './assemble.ts';
import { runDataWorker } from './worker-main.ts';

await runDataWorker(assembleDataWorker);
