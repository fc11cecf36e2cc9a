/** Entry of the controller thread: started by the supervisor, speaks `ToController` and `FromController`. */
import { parentPort, workerData } from 'node:worker_threads';
import { createLog } from '../telemetry/log.ts';
import { startControlPlane } from './controlplane.ts';
import type { FromController, ThreadData, ToController } from './protocol.ts';
import { createRemote } from './remote.ts';

if (parentPort === null) throw new Error('this file is a thread of the gateway, not a program');
const port = parentPort;
const { config, thread, logFormat } = workerData as ThreadData;
const post = (message: FromController) => port.postMessage(message);
const dataPlane = createRemote(post);
const controlPlane = await startControlPlane({
  config,
  dataPlane,
  log: createLog({ level: config.logLevel, format: logFormat, thread, write: (line) => post({ kind: 'log', line }) }),
  onState: (degraded, problems) => post({ kind: 'state', degraded, problems }),
  onHeld: (objects) => post({ kind: 'held', objects }),
  onFigures: (figures) => post({ kind: 'cluster', figures }),
  onTable: (text) => post({ kind: 'table', text }),
});

port.on('message', (message: ToController) => {
  switch (message.kind) {
    case 'acknowledged':
      dataPlane.acknowledged(message);
      break;
    case 'rebound':
      dataPlane.rebound(message.unbound);
      break;
    case 'inspect':
      post({ kind: 'inspected', id: message.id, text: controlPlane.inspect(message.page) });
      break;
    case 'drain':
      controlPlane.drain();
      break;
    case 'close':
      void controlPlane.close().then(() => post({ kind: 'closed' }));
      break;
  }
});
