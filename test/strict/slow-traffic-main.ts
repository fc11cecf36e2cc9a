/** The thread of `slow-traffic.ts`: paced keep-alive requests, each timed. Alone in its event loop, so that the times are the gateway's. */
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { SlowHost } from './slow-kinds.ts';
import { TrafficConnections, type TrafficReport } from './slow-traffic.ts';

/** Of each connection, between an answer and the next request. */
const PauseMs = 15;

function ask(agent: Agent, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const outgoing = request({ agent, host: '127.0.0.1', port, headers: { host: SlowHost } }, (response) => {
      response.resume();
      response.on('error', (error) => resolve(String(error)));
      response.on('end', () => resolve(response.statusCode === 200 ? null : `status ${response.statusCode}`));
    });
    outgoing.on('error', (error) => resolve(String(error)));
    outgoing.end();
  });
}

async function main(port: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: TrafficConnections });
  const life = new AbortController();
  let times: number[] = [];
  let answered = 0;
  const failures: string[] = [];

  async function loop(): Promise<void> {
    while (!life.signal.aborted) {
      const start = performance.now();
      const failure = await ask(agent, port);
      if (failure === null) {
        answered++;
        times.push(performance.now() - start);
      } else failures.push(failure);
      await setTimeout(PauseMs);
    }
  }
  const loops = Array.from({ length: TrafficConnections }, loop);
  const report = (): void => {
    const message: TrafficReport = { times: times.toSorted((a, b) => a - b), answered, failures };
    times = [];
    parentPort?.postMessage(message);
  };
  parentPort?.on('message', (word: 'report' | 'stop') => {
    if (word === 'report') report();
    else {
      life.abort();
      void Promise.all(loops).then(() => {
        agent.destroy();
        report();
        parentPort?.close();
      });
    }
  });
}

await main(workerData as number);
