/** A DataPlane without threads: for `--workers=0` and for tests. */
import type { Ir } from '../ir/ir.ts';
import type { Ack, DataPlane } from './dataplane.ts';
import type { DataWorker, Unbound } from './dataworker.ts';
import { diff, sameJson } from './delta.ts';
import { createProbe } from './probe.ts';

/** How often sockets that were not free are tried again, in milliseconds. */
const RetryEvery = 5000;

/** @param probe whether sockets are checked first, as the supervisor does it; a test that binds port 0 gives one that refuses nothing */
export function createInProcess(worker: DataWorker, probe = createProbe(), retryEvery = RetryEvery): DataPlane {
  let served: Ir | null = null;
  let last = 0;
  let refused: Unbound = {};
  let listener: ((unbound: Ack['unbound']) => void) | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  const retry = setInterval(() => {
    if (Object.keys(refused).length > 0) turn = turn.then(rebind).catch(() => undefined);
  }, retryEvery);
  retry.unref();

  async function rebind(): Promise<void> {
    const before = refused;
    refused = await probe.check(served?.sockets ?? {});
    if (sameJson(before, refused)) return;
    const unbound = await worker.configure(last, [], refused);
    listener?.(unbound);
  }

  async function apply(version: number, ir: Ir): Promise<Ack> {
    refused = await probe.check(ir.sockets);
    const delta = diff(served, ir);
    served = ir;
    last = version;
    return { version, unbound: await worker.configure(version, [delta], refused) };
  }

  return {
    apply(version, ir) {
      const result = turn.then(() => apply(version, ir));
      turn = result.catch(() => undefined);
      return result;
    },
    onRebound(told) {
      listener = told;
    },
    async close() {
      clearInterval(retry);
      await turn;
      await worker.close();
    },
  };
}
