/** The workers of a real gateway, seen from a scenario that ends them. Used by `worker-ends.ts`. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestGateway, TestGatewayOptions } from '../../../pkg/testkit/gateway.ts';
import type { Ending, Order, Report } from './order.ts';

/** Which life of which worker served a connection. */
export interface Server {
  readonly name: string;
  /** Unique over all lives. */
  readonly thread: number;
}

/** MiB of each thread's heap: small, so that the limit is hit in a moment. */
const HeapMebibytes = 64;

/** Workers that were started anew, as the gateway counts them. */
export async function restartsOf(gateway: TestGateway): Promise<number> {
  const metrics = await gateway.page('/metrics');
  return Number(/suuupra_thread_restarts_total\{thread="worker"\} (\d+)/.exec(metrics)?.[1]);
}

export class MortalFleet {
  readonly #socket: string;
  readonly #who: string;

  /** @param scratch where its files may be */
  constructor(scratch: string) {
    this.#socket = join(scratch, 'mortal.sock');
    this.#who = join(scratch, 'mortal.who');
  }

  /** Start the gateway with these. */
  get options(): TestGatewayOptions {
    const preload = join(import.meta.dirname, '../mortal-main.ts');
    const node = `--import=${preload} --max-old-space-size=${HeapMebibytes}`;
    return {
      through: ['env', `NODE_OPTIONS=${node}`, `MORTAL_SOCKET=${this.#socket}`, `MORTAL_WHO=${this.#who}`],
    };
  }

  /** Resolves when that life is over. @returns its thread; null if the worker is between two lives */
  async end(name: string, ending: Ending): Promise<number | null> {
    const socket = connect(this.#socket);
    socket.write(JSON.stringify({ name, ending } satisfies Order));
    const [line] = (await once(socket, 'data', { signal: AbortSignal.timeout(60_000) })) as [Uint8Array];
    socket.destroy();
    const report = JSON.parse(Buffer.from(line).toString()) as Report;
    return report.kind === 'ended' ? report.thread : null;
  }

  /** By number of the connection: each asked `/who/NUMBER/…` first. */
  async servers(): Promise<ReadonlyMap<number, Server>> {
    const text = await readFile(this.#who, 'utf8').catch(() => '');
    const servers = new Map<number, Server>();
    for (const line of text.split('\n')) {
      const [connection, name, thread] = line.split(' ');
      if (name !== undefined) servers.set(Number(connection), { name, thread: Number(thread) });
    }
    return servers;
  }
}
