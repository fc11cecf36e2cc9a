/** Legitimate traffic beside those who misbehave: paced keep-alive requests, each timed. Used by the commands and tests of this folder. */
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { SlowHost } from './slow-kinds.ts';

export interface Traffic {
  readonly answered: number;
  /** The error or the status of everything that is no answer of status 200. */
  readonly failures: readonly string[];
  /** Milliseconds of the requests since the last call, ascending. */
  takeTimes(): readonly number[];
  /** Lets running requests finish. */
  stop(): Promise<void>;
}

const Connections = 8;
/** Of each connection, between an answer and the next request. */
const PauseMs = 15;

export function startTraffic(port: number): Traffic {
  const agent = new Agent({ keepAlive: true, maxSockets: Connections });
  const failures: string[] = [];
  let times: number[] = [];
  let answered = 0;
  const life = new AbortController();

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
  const loops = Array.from({ length: Connections }, loop);
  return {
    get answered() {
      return answered;
    },
    failures,
    takeTimes() {
      const taken = times.toSorted((a, b) => a - b);
      times = [];
      return taken;
    },
    async stop() {
      life.abort();
      await Promise.all(loops);
      agent.destroy();
    },
  };
}

/** @param times ascending @param share 0 to 1 */
export function quantile(times: readonly number[], share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}

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
