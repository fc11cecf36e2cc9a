/** One request to a gateway on loopback, under whatever host and port the URL names. */
import { type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** @param port where the gateway really listens for the URL's port */
export function send(
  url: URL,
  port: number,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly path?: string;
    readonly body?: string;
    /** The client's certificate and key in PEM. */
    readonly identity?: string;
  } = {},
): Promise<Answer> {
  const tls = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const outgoing = (tls ? secure : plain)({
      host: '127.0.0.1',
      port,
      method: options.method ?? 'GET',
      path: options.path ?? `${url.pathname}${url.search}`,
      headers: { host: url.host, ...options.headers, ...(options.headers?.['upgrade'] && { connection: 'upgrade' }) },
      agent: false,
      // The certificates of examples are self-signed; what is tested is which one is served.
      ...(tls && {
        servername: url.hostname,
        rejectUnauthorized: false,
        cert: options.identity,
        key: options.identity,
      }),
    });
    outgoing.on('error', reject);
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    outgoing.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.end(options.body);
  });
}
