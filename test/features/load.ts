/** Steady keep-alive traffic on loopback, bounded by the test that runs it: counts what was answered and what was not. */
import * as http from 'node:http';
import * as https from 'node:https';

export interface Load {
  readonly answered: number;
  /** Everything that is no answer of status 200: the error or the status. */
  readonly failures: readonly string[];
  /** Lets running requests finish. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** Besides Host. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whoever the server is. */
  readonly tls?: boolean;
}

export function startLoad(port: number, host: string, connections: number, options: LoadOptions = {}): Load {
  const { Agent } = options.tls === true ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const target = { agent, host: '127.0.0.1', port, path: '/load', headers: { ...options.headers, host } };
  const send = (answered: (response: http.IncomingMessage) => void): http.ClientRequest =>
    options.tls === true
      ? https.request({ ...target, servername: host, rejectUnauthorized: false }, answered)
      : http.request(target, answered);
  const failures: string[] = [];
  let answered = 0;
  const life = new AbortController();

  async function loop(): Promise<void> {
    while (!life.signal.aborted) {
      const outcome = await once(send);
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

function once(
  send: (answered: (response: http.IncomingMessage) => void) => http.ClientRequest,
): Promise<string | null> {
  return new Promise((resolve) => {
    const outgoing = send((response) => {
      response.resume();
      response.on('error', (error) => resolve(String(error)));
      response.on('end', () => resolve(response.statusCode === 200 ? null : `status ${response.statusCode}`));
    });
    // Node's client may reuse a connection that the server is just closing; a gateway that answers `Connection: close` first prevents it.
    outgoing.on('error', (error) => resolve(String(error)));
    outgoing.end();
  });
}
