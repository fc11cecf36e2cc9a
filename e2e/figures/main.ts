/** `make figures`: what a cluster's users feel, measured on a test cluster of its own; QUICK=1 is a small run. */
import { join } from 'node:path';
import { installGateway } from '../install.ts';
import { attempt, insidePrefix, must, provideCluster, root } from '../place.ts';

process.env['CLUSTER'] ??= 'figures';
provideCluster(1);
installGateway(['replicaCount=1', 'workers=1']);
process.exitCode = attempt([...insidePrefix(), process.execPath, join(root, 'e2e/figures/measure.ts')]);
must([process.execPath, join(root, 'bench/report.ts')]);
must([process.execPath, join(root, 'e2e/cluster/down.ts')]);
