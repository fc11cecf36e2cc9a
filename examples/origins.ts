/**
 * The demo origins behind the examples: they answer with their name and what they received. Used by `make run` and the example tests.
 * Query parameters: `delay=MS` waits; `fail=N&id=X` answers 503 to the first N requests with that id. An Upgrade is echoed.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type ExampleServer, listen } from './server.ts';

export interface Origin extends ExampleServer {
  readonly name: string;
  /** Targets received, mirrored ones included. */
  readonly seen: readonly string[];
}

/** @param port 0 lets the system choose */
export async function startOrigin(name: string, port: number): Promise<Origin> {
  const seen: string[] = [];
  const failures = new Map<string, number>();
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    answer(name, failures, request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`);
    socket.write(head);
    socket.pipe(socket);
  });
  return { ...(await listen(server, port)), name, seen };
}

function answer(name: string, failures: Map<string, number>, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://origin');
  const id = url.searchParams.get('id') ?? '';
  const failed = failures.get(id) ?? 0;
  const fails = failed < Number(url.searchParams.get('fail') ?? 0);
  failures.set(id, failed + 1);
  request.resume();
  const timer = setTimeout(
    () => {
      response.writeHead(fails ? 503 : 200, { 'content-type': 'application/json' });
      response.end(
        `${JSON.stringify({ origin: name, method: request.method, path: url.pathname, headers: request.headers })}\n`,
      );
    },
    Number(url.searchParams.get('delay') ?? 0),
  );
  response.on('close', () => clearTimeout(timer));
}
