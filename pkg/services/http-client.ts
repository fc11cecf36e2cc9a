/**
 * Requests of the gateway's own to URLs that objects name: keys, discovery documents, tokens. The egress guard is asked at each connect, no
 * redirect is followed, and an answer has a limit in time and size.
 */
import { hash } from 'node:crypto';
import { Agent, type Dispatcher } from 'undici';
import { version } from '../config/version.ts';
import type { HttpAnswer } from '../policy/feeds.ts';
import type { EgressGuard } from '../upstream/egress.ts';
import { AskError } from './ask-error.ts';
import { createGuardedConnector } from './guarded-connector.ts';
import { parseOutboundUrl } from './outbound-url.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Bytes of the answer's body; a longer one rejects. */
  readonly maxBody: number;
  /** PEM; null for the CAs of the system. */
  readonly authority: string | null;
  /** Plain http too. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

export interface HttpClient {
  /** Rejects with an `AskError`. Waits for the first guard. */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Connections that the guard before had let through are not used any more. */
  setGuard(guard: EgressGuard): void;
  close(): Promise<void>;
}

const MaxHeadBytes = 16_384;
const ConnectionsPerOrigin = 32;
/** Of one CA bundle each. */
const MaxAgents = 64;
const KeepAlive = 10_000;

export function createHttpClient(): HttpClient {
  /** In the order of their use. */
  const agents = new Map<string, Agent>();
  const configured = Promise.withResolvers<void>();
  let guard: EgressGuard | null = null;

  function agentFor(authority: string | null): Agent {
    const key = authority === null ? '' : hash('sha256', authority, 'hex');
    const known = agents.get(key);
    const agent = known ?? createAgent(authority);
    agents.delete(key);
    agents.set(key, agent);
    const [oldest] = agents.keys();
    if (agents.size > MaxAgents && oldest !== undefined) retire(oldest);
    return agent;
  }

  function createAgent(authority: string | null): Agent {
    return new Agent({
      allowH2: false,
      pipelining: 1,
      connections: ConnectionsPerOrigin,
      keepAliveTimeout: KeepAlive,
      keepAliveMaxTimeout: KeepAlive,
      maxHeaderSize: MaxHeadBytes,
      // The signal of the request ends everything.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: createGuardedConnector({ guard: () => guard, authority }),
    });
  }

  /** What runs on it may end. */
  function retire(key: string): void {
    void agents.get(key)?.close();
    agents.delete(key);
  }

  return {
    async request({ method, url: text, headers, body, maxBody, authority, insecure, signal }) {
      const url = parseOutboundUrl(text, insecure);
      if (typeof url === 'string') throw new AskError('url-invalid', `the URL is not asked: ${url}`);
      try {
        await withSignal(configured.promise, signal);
        const response = await agentFor(authority).request({
          origin: url.origin,
          path: url.pathname + url.search,
          method: method,
          headers: { 'user-agent': `suuupra-gateway/${version}`, ...headers },
          body: body ?? null,
          signal,
        });
        const bytes = await readAll(response.body, maxBody);
        return { status: response.statusCode, headers: listed(response.headers), body: bytes };
      } catch (error) {
        throw failureOf(error, url, signal);
      }
    },
    setGuard(next) {
      guard = next;
      for (const key of agents.keys()) retire(key);
      configured.resolve();
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
      agents.clear();
    },
  };
}

async function readAll(body: AsyncIterable<Uint8Array> & { destroy(): unknown }, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) {
      body.destroy();
      throw new AskError('response-too-large', `the answer is longer than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  // A copy: what crosses threads must not take undici's buffers along.
  return Uint8Array.from(Buffer.concat(chunks));
}

function listed(headers: Dispatcher.ResponseData['headers']): HttpAnswer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, readonly string[]][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value : [value]]],
    ),
  );
}

async function withSignal(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Codes of undici for an answer that is not HTTP as it should be. */
const invalid = new Set(['HPE_INVALID', 'UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

function failureOf(error: unknown, url: URL, signal: AbortSignal): AskError {
  if (error instanceof AskError) return error;
  if (signal.reason instanceof AskError) return signal.reason;
  if (signal.aborted) return new AskError('timeout', `${url.host} did not answer in time`);
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  // A header or method that cannot be sent: nobody was asked.
  if (code === 'UND_ERR_INVALID_ARG') return new AskError('failed', message);
  const kind = invalid.has(code) || code.startsWith('HPE_') ? 'response-invalid' : 'connect-failed';
  return new AskError(kind, `${url.host}: ${code === '' || message.includes(code) ? message : `${code}: ${message}`}`);
}
