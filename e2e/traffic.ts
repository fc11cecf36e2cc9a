/** Requests at a steady rate from outside of the gateway, and what became of each: a scenario's load. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TrafficOptions {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly perSecond: number;
  /** Every n-th request is a POST with a number of its own in `x-request-number`; 0 for none. */
  readonly postEvery?: number;
}

export interface TrafficReport {
  readonly sent: number;
  readonly posts: readonly number[];
  /** What was not a 200, with how often. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface Traffic {
  /** Sends no more, waits for what is under way. */
  stop(): Promise<TrafficReport>;
}

export function startTraffic(options: TrafficOptions): Traffic {
  const { perSecond, postEvery = 0 } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const failures: Record<string, number> = {};
  const posts: number[] = [];
  const open = new Set<Promise<void>>();
  let sent = 0;
  const stopping = new AbortController();
  const loop = run();

  async function run(): Promise<void> {
    const from = performance.now();
    while (!stopping.signal.aborted) {
      // By the clock, so that a slow answer does not slow the load.
      const due = Math.floor(((performance.now() - from) / 1000) * perSecond);
      while (sent < due) send();
      await sleep(4);
    }
  }

  function send(): void {
    const number = ++sent;
    const post = postEvery > 0 && number % postEvery === 0;
    if (post) posts.push(number);
    const ended = exchange(options, agent, number, post).then((outcome) => {
      if (outcome !== '200') failures[outcome] = (failures[outcome] ?? 0) + 1;
      open.delete(ended);
    });
    open.add(ended);
  }

  return {
    async stop() {
      stopping.abort();
      await loop;
      await Promise.all(open);
      agent.destroy();
      return { sent, posts, failures };
    },
  };
}

/** @returns the status, or the code of the error */
function exchange(options: TrafficOptions, agent: Agent, number: number, post: boolean): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request(
      {
        agent,
        host: options.address,
        port: options.port,
        path: options.path ?? '/',
        method: post ? 'POST' : 'GET',
        headers: { host: options.host, 'x-request-number': String(number), ...(post ? { 'content-length': 2 } : {}) },
        timeout: 15_000,
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(String(response.statusCode)));
        response.on('error', (error) => resolve(`body: ${error.message}`));
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
    outgoing.end(post ? 'ok' : undefined);
  });
}
