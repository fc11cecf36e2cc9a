/**
 * The load of the scenarios: clients that keep their connection and clients that open one for each request, GET and POST, each request with an
 * id of its own that the answer must carry. A correct client: one request at a time, `Connection: close` honoured, nothing sent again.
 */
import { Buffer } from 'node:buffer';
import { setTimeout } from 'node:timers/promises';
import { ClientConnection, type Reply } from './client-connection.ts';
import { percentile } from './percentile.ts';
import { bodyOf } from './token.ts';

export interface TrafficOptions {
  readonly port: number;
  /** Default `a.example.com`. */
  readonly host?: string;
  /** Names of the origins that may answer. Default: any. */
  readonly from?: readonly string[];
  /** Clients that keep their connection. */
  readonly kept: number;
  /** Clients with a new connection for each request. Default 0. */
  readonly fresh?: number;
  /** Requests a second of all clients together at most; 0: as fast as it goes. */
  readonly rate: number;
  /** Share of POST; the rest is GET. Default 0.25. */
  readonly posts?: number;
  /** Ends in `/` and gets the id behind it. Default `/t/`. Asked for each request with the connection's number. */
  readonly prefix?: (connection: number, first: boolean) => string;
  /** Ids begin behind it: no two loads on one origin may share any. The stage sees to it. Default 0. */
  readonly base?: number;
  /** Milliseconds after which a client gives up. Default 10,000. */
  readonly patience?: number;
}

export interface Failure {
  readonly id: number;
  readonly method: 'GET' | 'POST';
  /** Number of the connection: 1 for the first that was opened. */
  readonly connection: number;
  /** Whether the connection had served before. */
  readonly reused: boolean;
  /** `performance.now()` when it was sent, and when it was over. */
  readonly from: number;
  readonly to: number;
  /**
   * - `error`: an error of the gateway, whole; `code` says which (`upstream-reset`)
   * - `status`: another status than 200
   * - `cut`, `connect`, `patience`, `invalid`: see Reply
   * - `misrouted`: a whole answer that belongs to another request, or comes from an origin that it may not come from
   * - `damaged`: its own answer with another body
   */
  readonly kind: 'error' | 'status' | 'cut' | 'connect' | 'patience' | 'invalid' | 'misrouted' | 'damaged';
  readonly status: number;
  readonly code: string;
  /** Bytes of an answer that came. */
  readonly received: number;
}

export interface Served {
  readonly count: number;
  /** `performance.now()` of the last answer. */
  readonly last: number;
}

export interface Traffic {
  /** Ids of its requests: `base + 1` to `base + sent`. */
  readonly base: number;
  readonly sent: number;
  readonly answered: number;
  readonly failures: readonly Failure[];
  /** By name of the origin. */
  readonly served: ReadonlyMap<string, Served>;
  /** Ids of POST requests, which nobody may execute twice. */
  readonly posts: ReadonlySet<number>;
  /** Milliseconds; of what was answered well between two moments (`performance.now()`), default all. null: nothing was. */
  percentile(share: number, from?: number, to?: number): number | null;
  /** Requests under way end first. Resolves when all clients are gone. */
  stop(): Promise<void>;
}

const SweepMillis = 250;

export function startTraffic(options: TrafficOptions): Traffic {
  const {
    port,
    host = 'a.example.com',
    kept,
    fresh = 0,
    rate,
    posts: share = 0.25,
    patience = 10_000,
    base = 0,
  } = options;
  const prefix = options.prefix ?? (() => '/t/');
  const failures: Failure[] = [];
  const served = new Map<string, { count: number; last: number }>();
  const posts = new Set<number>();
  const ends: number[] = [];
  const millis: number[] = [];
  const running = new Map<ClientConnection, number>();
  const pace = rate === 0 ? 0 : ((kept + fresh) * 1000) / rate;
  let sent = 0;
  let connections = 0;
  const life = new AbortController();

  const sweep = setInterval(() => {
    const late = performance.now() - patience;
    for (const [connection, since] of running) if (since < late) connection.giveUp();
  }, SweepMillis);
  const loops = Array.from({ length: kept + fresh }, (_, i) => loop(i >= kept, (i / (kept + fresh)) * pace));
  const ended = Promise.all(loops).then(() => clearInterval(sweep));

  async function loop(once: boolean, offset: number): Promise<void> {
    let connection: ClientConnection | null = null;
    let number = 0;
    let reused = false;
    for (let due = performance.now() + offset; !life.signal.aborted; due = Math.max(due + pace, performance.now())) {
      const wait = due - performance.now();
      if (wait >= 1) await setTimeout(wait);
      if (connection === null || !connection.usable) {
        connection = new ClientConnection(port);
        number = ++connections;
        reused = false;
      }
      const id = base + ++sent;
      const post = (id * 0.618_034) % 1 < share;
      if (post) posts.add(id);
      const from = performance.now();
      running.set(connection, from);
      const path = `${prefix(number, !reused)}${id}`;
      const reply = await connection.ask(post ? postOf(path, host, id, once) : getOf(path, host, once));
      running.delete(connection);
      judge(reply, { id, method: post ? 'POST' : 'GET', connection: number, reused, from, to: performance.now() });
      reused = true;
      if (once) connection.close();
    }
    connection?.close();
  }

  function judge(reply: Reply, request: Omit<Failure, 'kind' | 'status' | 'code' | 'received'>): void {
    const fault = faultOf(reply, request.id, options.from);
    if (fault !== null) {
      failures.push({ ...request, ...fault });
      return;
    }
    ends.push(request.to);
    millis.push(request.to - request.from);
    const { origin } = reply as Extract<Reply, { kind: 'answer' }>;
    const entry = served.get(origin);
    if (entry === undefined) served.set(origin, { count: 1, last: request.to });
    else {
      entry.count++;
      entry.last = request.to;
    }
  }

  return {
    base,
    get sent() {
      return sent;
    },
    get answered() {
      return millis.length;
    },
    failures,
    served,
    posts,
    percentile(share, from = 0, to = Number.POSITIVE_INFINITY) {
      return percentile(
        millis.filter((_, i) => ends[i]! >= from && ends[i]! <= to),
        share,
      );
    },
    async stop() {
      life.abort();
      await ended;
    },
  };
}

function faultOf(
  reply: Reply,
  id: number,
  from: readonly string[] | undefined,
): Pick<Failure, 'kind' | 'status' | 'code' | 'received'> | null {
  if (reply.kind === 'none') return { kind: reply.why, status: 0, code: '', received: reply.received };
  const { status, body } = reply;
  const fault = { status, code: '', received: body.length };
  // The origins of the load answer with 200 and an id alone.
  if (status !== 200 && reply.id < 0) return { ...fault, kind: 'error', code: codeOf(body) };
  if (status !== 200) return { ...fault, kind: 'status' };
  if (reply.id !== id || from?.includes(reply.origin) === false) return { ...fault, kind: 'misrouted' };
  return body.equals(bodyOf(id)) ? null : { ...fault, kind: 'damaged' };
}

/** From problem details. */
function codeOf(body: Buffer): string {
  return /"code":"([a-z-]+)"/.exec(body.toString('latin1'))?.[1] ?? '';
}

function getOf(path: string, host: string, close: boolean): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${close ? 'Connection: close\r\n' : ''}\r\n`);
}

/** Every other one chunked. */
function postOf(path: string, host: string, id: number, close: boolean): Buffer {
  const body = bodyOf(id);
  const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${close ? 'Connection: close\r\n' : ''}`;
  if (id % 2 === 0) return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]);
  const half = body.length >> 1;
  return Buffer.concat([
    Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${half.toString(16)}\r\n`),
    body.subarray(0, half),
    Buffer.from(`\r\n${(body.length - half).toString(16)}\r\n`),
    body.subarray(half),
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
}
