/** Steady keep-alive traffic on loopback, bounded by the test that runs it: counts what was answered and what was not. */
import { Agent, request } from 'node:http';

export interface Load {
  readonly answered: number;
  /** Everything that is no answer of status 200: the error or the status. */
  readonly failures: readonly string[];
  /** Lets running requests finish. */
  stop(): Promise<void>;
}

export function startLoad(port: number, host: string, connections: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const failures: string[] = [];
  let answered = 0;
  const life = new AbortController();

  async function loop(): Promise<void> {
    while (!life.signal.aborted) {
      const outcome = await once(agent, port, host);
      if (outcome === null) answered++;
      else failures.push(outcome);
    }
  }
  const loops = Array.from({ length: connections }, loop);
  return {
    get answered() {
      return answered;
    },
    failures,
    async stop() {
      life.abort();
      await Promise.all(loops);
      agent.destroy();
    },
  };
}

function once(agent: Agent, port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const outgoing = request({ agent, host: '127.0.0.1', port, path: '/load', headers: { host } }, (response) => {
      response.resume();
      response.on('error', (error) => resolve(String(error)));
      response.on('end', () => resolve(response.statusCode === 200 ? null : `status ${response.statusCode}`));
    });
    // Node's client may reuse a connection that the server is just closing; a gateway that answers `Connection: close` first prevents it.
    outgoing.on('error', (error) => resolve(String(error)));
    outgoing.end();
  });
}
