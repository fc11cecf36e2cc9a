/** An authorization service of HTTP for tests, on Node's own server: it speaks as oauth2-proxy does, and misbehaves when it is told to. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type HttpAnswer = (request: SeenRequest, response: ServerResponse) => void;

export interface HttpService {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  answer: HttpAnswer;
  /** How many are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/**
 * `/oauth2/auth`: 202 with who has the session `valid`, 401 without one. `?allowed_groups=` is answered 403, as there for members of none.
 * A session that is about to end is renewed in passing, in two cookies.
 */
export const oauth2Proxy: HttpAnswer = ({ url, headers }, response) => {
  const session = /(?:^|; )_oauth2_proxy=([^;]*)/.exec(headers.cookie ?? '')?.[1];
  if (!url.startsWith('/oauth2/auth')) response.writeHead(404).end();
  else if (session !== 'valid' && session !== 'ending')
    response.writeHead(401, { 'content-type': 'text/plain' }).end('Unauthorized');
  else if (url.includes('allowed_groups=')) response.writeHead(403).end('Forbidden');
  else {
    const renewed = ['_oauth2_proxy_0=a; Path=/; HttpOnly; Secure', '_oauth2_proxy_1=b; Path=/; HttpOnly; Secure'];
    response.writeHead(202, {
      'gap-auth': 'ada@example.com',
      'x-auth-request-user': 'ada',
      'x-auth-request-email': 'ada@example.com',
      'x-auth-request-groups': 'dev,ops',
      ...(session === 'ending' && { 'set-cookie': renewed }),
    });
    response.end();
  }
};

export async function startHttpService(answer: HttpAnswer = oauth2Proxy): Promise<HttpService> {
  const seen: SeenRequest[] = [];
  const server = createServer((message, response) => {
    const chunks: Uint8Array[] = [];
    message.on('data', (chunk: Uint8Array) => void chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url = '', headers } = message;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(request);
      service.answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: HttpService = {
    port: (server.address() as AddressInfo).port,
    seen,
    answer,
    connections: () => promisify(server.getConnections.bind(server))(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return service;
}
