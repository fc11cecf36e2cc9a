/** An authorization server that knows three opaque tokens and nothing else: its introspection endpoint (RFC 7662), on port 3003 with `make run`. */
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ExampleServer, listen } from '../server.ts';

const client = `Basic ${Buffer.from('gateway:change-me').toString('base64')}`;
const tokens: Readonly<Record<string, object>> = {
  'opaque-of-alice': { active: true, sub: 'alice', aud: 'orders', scope: 'orders.read orders.write' },
  'opaque-of-bob': { active: true, sub: 'bob', aud: 'orders', scope: 'profile' },
  'opaque-of-another-api': { active: true, sub: 'alice', aud: 'billing', scope: 'orders.read' },
};

export function startServer(port: number): Promise<ExampleServer> {
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  return listen(server, port);
}

async function answer(request: IncomingMessage): Promise<[status: number, body: object]> {
  const token = new URLSearchParams(await text(request)).get('token') ?? '';
  if (request.url !== '/introspect') return [404, {}];
  if (request.headers.authorization !== client) return [401, { error: 'invalid_client' }];
  return [200, tokens[token] ?? { active: false }];
}
