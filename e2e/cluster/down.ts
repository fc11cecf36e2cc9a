/** `make cluster-down`: no process, namespace, mount, cgroup or file of the cluster is left; the binaries stay in the cache. */
import { layout } from './layout.ts';
import { removeMachine } from './machine.ts';

const from = performance.now();
await removeMachine(layout());
process.stdout.write(`the cluster is gone after ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
