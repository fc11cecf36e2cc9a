/** Many clients with a kept connection each, most with a request now and then, some silent. Used by the drain scenario. */
import { Buffer } from 'node:buffer';
import { setTimeout } from 'node:timers/promises';
import { ClientConnection } from './client-connection.ts';
import { bodyOf } from './token.ts';

export interface CrowdOptions {
  readonly port: number;
  readonly size: number;
  /** Milliseconds between requests of one client at most; one of five is silent after its first request. */
  readonly think: number;
}

/** A request that was not answered rightly. `performance.now()` when it was sent and when it was over. */
export interface Lost {
  readonly why: string;
  readonly from: number;
  readonly to: number;
  /** The connection had served before and was idle. */
  readonly reused: boolean;
  /** Bytes of an answer that came. */
  readonly received: number;
}

export interface Crowd {
  readonly sent: number;
  readonly millis: readonly number[];
  readonly lost: readonly Lost[];
  /** Clients that have a connection now. */
  readonly connected: number;
  /** Clients whose connection was closed while they were silent, without having been told before. */
  readonly closedIdle: number;
  /** Answers that said `Connection: close`. */
  readonly told: number;
  /** From now on whoever loses its connection goes elsewhere, as behind a load balancer that has noticed. */
  leave(): void;
  /** Resolves when nobody has a connection any more. */
  gone(): Promise<void>;
  stop(): Promise<void>;
}

export function startCrowd({ port, size, think }: CrowdOptions): Crowd {
  const lost: Lost[] = [];
  const millis: number[] = [];
  const connections = new Set<ClientConnection>();
  let sent = 0;
  let told = 0;
  let closedIdle = 0;
  let leaving = false;
  const life = new AbortController();

  async function ask(connection: ClientConnection, reused: boolean): Promise<void> {
    const id = ++sent;
    const from = performance.now();
    const reply = await connection.ask(Buffer.from(`GET /t/${id} HTTP/1.1\r\nHost: a.example.com\r\n\r\n`));
    const to = performance.now();
    if (reply.kind === 'none') lost.push({ why: reply.why, from, to, reused, received: reply.received });
    else if (reply.status !== 200 || reply.id !== id || !reply.body.equals(bodyOf(id)))
      lost.push({ why: `status ${reply.status}`, from, to, reused, received: reply.body.length });
    else millis.push(to - from);
    if (reply.kind === 'answer' && !connection.usable) told++;
  }

  async function client(index: number): Promise<void> {
    const silent = index % 5 === 0;
    let connection: ClientConnection | null = null;
    let requests = 0;
    await setTimeout((index / size) * think);
    while (!life.signal.aborted) {
      if (connection === null) {
        if (leaving) return;
        connection = new ClientConnection(port);
        connections.add(connection);
        requests = 0;
      }
      if (!silent || requests === 0) await ask(connection, requests++ > 0);
      const told = !connection.usable;
      await setTimeout(silent ? 50 : think * (0.2 + 0.8 * Math.random()));
      if (connection.usable) continue;
      connections.delete(connection);
      connection = null;
      if (!told) closedIdle++;
    }
    connection?.close();
  }

  const clients = Promise.all(Array.from({ length: size }, (_, index) => client(index)));
  return {
    lost,
    millis,
    get sent() {
      return sent;
    },
    get told() {
      return told;
    },
    get closedIdle() {
      return closedIdle;
    },
    get connected() {
      return connections.size;
    },
    leave() {
      leaving = true;
    },
    async gone() {
      await clients;
    },
    async stop() {
      life.abort();
      for (const connection of connections) connection.close();
      await clients;
    },
  };
}
