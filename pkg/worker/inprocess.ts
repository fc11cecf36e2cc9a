/** A DataPlane without threads: for `--workers=0` and for tests. */
import type { Ir } from '../ir/ir.ts';
import type { DataPlane } from './dataplane.ts';
import type { DataWorker } from './dataworker.ts';
import { diff } from './delta.ts';
import { createProbe } from './probe.ts';

/** @param probe whether sockets are checked first, as the supervisor does it; a test that binds port 0 leaves it out */
export function createInProcess(worker: DataWorker, probe = createProbe()): DataPlane {
  let served: Ir | null = null;
  return {
    async apply(version, ir) {
      const refused = await probe.check(ir.sockets);
      const delta = diff(served, ir);
      served = ir;
      return { version, unbound: await worker.configure(version, [delta], refused) };
    },
    close: () => worker.close(),
  };
}
