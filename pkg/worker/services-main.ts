/** The services in their thread: speaks `ToServices` and `FromServices`. The feeds are given, so that tests run toys in real threads. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import { version } from '../config/version.ts';
import type { FeedSource } from '../services/feed.ts';
import { type Services, startServices } from '../services/services.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { createInspector } from './inspector.ts';
import type { FromServices, ThreadData, ToServices } from './protocol.ts';

export async function runServices(createFeeds: (config: Config, log: Log) => FeedSource): Promise<void> {
  if (parentPort === null) throw new Error('this file is a thread of the gateway, not a program');
  const port = parentPort;
  const { config, logFormat, thread } = workerData as ThreadData;
  const post = (message: FromServices) => port.postMessage(message);
  const inspector = createInspector((id, page) => post({ kind: 'inspect', id, page }));
  const late: { services?: Services } = {};
  const write = (line: string): void => late.services?.logLine(line);
  const log = createLog({ level: config.logLevel, format: logFormat, thread, write });
  try {
    const feeds = createFeeds(config, log);
    const services = await startServices({ config, version, inspect: (page) => inspector.ask(page), feeds });
    late.services = services;
    const closed = () => post({ kind: 'closed' });
    port.on('message', (message: ToServices) => {
      if (message.kind === 'inspected') inspector.answer(message.id, message.text);
      else receive(services, message, closed);
    });
    post({ kind: 'started', ...services.ports });
  } catch (error) {
    post({ kind: 'failed', message: Error.isError(error) ? error.message : String(error) });
  }
}

function receive(services: Services, message: Exclude<ToServices, { kind: 'inspected' }>, closed: () => void): void {
  switch (message.kind) {
    case 'lines':
      services.accessLines(message.worker, message.segment);
      break;
    case 'log':
      services.logLine(message.line);
      break;
    case 'open':
      services.open(message.worker, message.memory);
      break;
    case 'labels':
      services.label(message.worker, message.labels);
      break;
    case 'ended':
      services.ended(message.worker);
      break;
    case 'channel':
      services.connect(message.port);
      break;
    case 'configure':
      services.configure(message.settings);
      break;
    case 'health':
      services.setState(message.health, message.figures);
      break;
    case 'reopen':
      services.reopen();
      break;
    case 'close':
      void services.close().then(closed);
      break;
  }
}
