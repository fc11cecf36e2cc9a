/**
 * KubeApi over HTTPS: one shared Agent for every request and watch. client-node would open a connection for each call and drop fields
 * that its models do not know.
 */
import { type Dispatcher, errors } from 'undici';
import { type KubeApi, KubeError, type KubeRequest, type WatchEvent } from './api.ts';
import type { Credentials, TlsMaterial } from './credentials.ts';
import { createDispatcher } from './dispatcher.ts';
import { readLines } from './lines.ts';
import { Presence } from './presence.ts';

export interface ClientOptions {
  readonly credentials: Credentials;
  /** Who writes, in the API server's audit log and in managedFields. */
  readonly userAgent: string;
  /** ms until an answer has to begin, and between its bytes. Default 30,000. */
  readonly timeout?: number;
  /** ms of silence after which a watch is taken for dead: the server sends bookmarks about once a minute. Default 150,000. */
  readonly silence?: number;
}

/** Of one answer that is no watch; a page of 500 Secrets may be large. */
const MaxBodyBytes = 256 * 1024 * 1024;

export function createKubeApi(options: ClientOptions): KubeApi {
  const { credentials, userAgent, timeout = 30_000, silence = 150_000 } = options;
  // Behind some proxies the API server stands below a path: `https://rancher.example/k8s/clusters/c-1`.
  const { origin, pathname } = new URL(credentials.server);
  const prefix = pathname.replace(/\/$/, '');
  const presence = new Presence();
  let agent: Dispatcher | undefined;
  let material = '';

  /** The same Agent until certificates rotate; requests under way end on the old one. */
  const agentFor = (tls: TlsMaterial): Dispatcher => {
    const now = JSON.stringify(tls);
    if (agent !== undefined && now === material) return agent;
    void agent?.close();
    material = now;
    agent = createDispatcher(tls, credentials.proxy);
    return agent;
  };

  const open = async (request: KubeRequest, bodyTimeout: number): Promise<Dispatcher.ResponseData> => {
    const { headers, tls } = await credentials.current();
    const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query).toString()}`;
    const answer = agentFor(tls).request({
      origin,
      path: prefix + request.path + query,
      method: request.method,
      headers: {
        ...headers,
        accept: request.accept ?? 'application/json',
        'user-agent': userAgent,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      headersTimeout: timeout,
      bodyTimeout,
      signal: request.signal ?? null,
    });
    try {
      const response = await answer;
      presence.answered();
      return response;
    } catch (error) {
      if (request.signal?.aborted !== true) presence.lost();
      throw error;
    }
  };

  return {
    async send(request) {
      try {
        const response = await open(request, timeout);
        const text = await readText(response.body);
        if (response.statusCode >= 400) throw answerError(response, text);
        return text === '' ? null : JSON.parse(text);
      } catch (error) {
        throw asKubeError(error, request);
      }
    },

    async *watch(request) {
      const { signal } = request;
      const whole: KubeRequest = { ...request, method: 'GET', query: { ...request.query, watch: '1' } };
      try {
        const response = await open(whole, silence);
        if (response.statusCode >= 400) throw answerError(response, await readText(response.body));
        for await (const line of readLines(response.body)) yield JSON.parse(line) as WatchEvent;
      } catch (error) {
        if (signal?.aborted !== true) throw asKubeError(error, whole);
      }
    },

    onReturn: (listener) => presence.onReturn(listener),

    async close() {
      await agent?.destroy();
    },
  };
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MaxBodyBytes) throw new KubeError(`the answer is larger than ${MaxBodyBytes} bytes`, { code: 0 });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The server says what is wrong in a `Status`; a proxy between says it in its own words. */
function answerError({ statusCode, headers }: Dispatcher.ResponseData, text: string): KubeError {
  const retryAfter = Number(headers['retry-after'] ?? 0) || 0;
  try {
    const status = JSON.parse(text) as { readonly message?: string; readonly reason?: string };
    const facts = { code: statusCode, retryAfter, ...(status.reason === undefined ? {} : { reason: status.reason }) };
    return new KubeError(status.message ?? `answered ${statusCode}`, facts);
  } catch {
    return new KubeError(`answered ${statusCode}: ${text.slice(0, 200)}`, { code: statusCode, retryAfter });
  }
}

function asKubeError(error: unknown, { method, path }: KubeRequest): KubeError {
  if (error instanceof KubeError) return error;
  const text = error instanceof errors.UndiciError || Error.isError(error) ? error.message : String(error);
  return new KubeError(`${method} ${path}: ${text}`, { code: 0 });
}
