/** A controller for the supervisor's tests: serves the IR in the file that `--directory` names, once. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Ir } from '../../ir/ir.ts';
import type { FromController, ThreadData, ToController } from '../protocol.ts';
import { createRemote } from '../remote.ts';

const { config } = workerData as ThreadData;
const post = (message: FromController) => parentPort?.postMessage(message);
const remote = createRemote(post);
parentPort?.on('message', (message: ToController) => {
  if (message.kind === 'acknowledged') remote.acknowledged(message);
  if (message.kind === 'inspect') post({ kind: 'inspected', id: message.id, text: `"${message.page}"` });
  // Printed, so that the order of what it was told is seen.
  if (message.kind === 'drain' || message.kind === 'close') post({ kind: 'table', text: message.kind });
  if (message.kind === 'close') post({ kind: 'closed' });
});
const ir = JSON.parse(readFileSync(config.directory ?? '', 'utf8')) as Ir;
void remote.apply(1, ir).then(({ unbound }) => post({ kind: 'table', text: JSON.stringify(unbound) }));
