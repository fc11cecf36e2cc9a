/** What a running gateway holds and has spent, asked through Node's inspector after a garbage collection, so that figures do not depend on when that runs. */
import { once } from 'node:events';
import type { TestGateway } from '../../pkg/testkit/gateway.ts';

/** For `startGateway`: runs it with an inspector on a free port of loopback. */
export const inspected = ['env', 'NODE_OPTIONS=--inspect=127.0.0.1:0'] as const;

export interface Inspector {
  /** Bytes of the heap and of buffers beside it that are in use. */
  held(): Promise<number>;
  /** Microseconds of CPU time that the process has spent so far, in all threads. */
  spent(): Promise<number>;
  /** Before the gateway is stopped: it waits for its inspector to go. */
  close(): void;
}

interface Reply {
  readonly id: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** @param gateway started through `inspected`, with everything in one thread */
export async function inspect(gateway: TestGateway): Promise<Inspector> {
  const banner = /Debugger listening on (ws:\S+)/;
  await gateway.said(banner);
  const socket = new WebSocket(banner.exec(gateway.stderr())![1]!);
  await once(socket, 'open');
  let last = 0;
  const waiting = new Map<number, (reply: Reply) => void>();
  socket.addEventListener('message', ({ data }) => {
    const reply = JSON.parse(String(data)) as Reply;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  function send(method: string, params: object = {}): Promise<Reply> {
    const id = ++last;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => waiting.set(id, resolve));
  }
  async function number(expression: string): Promise<number> {
    const { result } = await send('Runtime.evaluate', { expression, returnByValue: true });
    const value = result?.result?.value;
    if (typeof value !== 'number') throw new Error(`${expression}: ${JSON.stringify(result)}`);
    return value;
  }
  // The inspector's own collection looks for what caches could give up, and takes ten times as long.
  await send('Runtime.evaluate', {
    expression: `process.getBuiltinModule('v8').setFlagsFromString('--expose-gc');
      globalThis.collect = process.getBuiltinModule('vm').runInNewContext('gc')`,
  });
  return {
    held: () => number('(collect(), (({ heapUsed, external }) => heapUsed + external)(process.memoryUsage()))'),
    spent: () => number('(({ user, system }) => user + system)(process.cpuUsage())'),
    close: () => socket.close(),
  };
}
