/** The real services thread, which dies when its logs are to be opened anew. */
import { parentPort } from 'node:worker_threads';
import type { ToServices } from '../protocol.ts';

await import('../services-thread.ts');
parentPort?.on('message', (message: ToServices) => {
  if (message.kind === 'reopen') throw new Error('the test asked for it');
});
