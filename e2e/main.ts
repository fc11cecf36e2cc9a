/** `make e2e`: the scenarios, on the test cluster or on the one that KUBECONFIG names. TEST=part-of-a-path chooses. */
import { join } from 'node:path';
import { installGateway } from './install.ts';
import { attempt, insidePrefix, provideCluster, root } from './place.ts';

try {
  // One is drained.
  provideCluster(2);
  installGateway();
} catch (error) {
  process.stderr.write(`e2e: no scenario was run: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
const jest = [
  process.execPath,
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  join(root, 'node_modules/jest/bin/jest.js'),
  '--config',
  join(root, 'e2e/jest.config.js'),
];
// Nobody takes away the API server of a cluster that is not ours.
const left = process.env['KUBECONFIG'] === undefined ? [] : ['--testPathIgnorePatterns', 'outage'];
const wanted = (process.env['TEST'] ?? '').split(',').filter((part) => part !== '');
const scenarios = attempt([...insidePrefix(), ...jest, ...wanted, ...left]);
// Everything ran with exactly the rights that the chart gives.
const rights = attempt([...insidePrefix(), process.execPath, join(root, 'e2e/forbidden.ts')]);
process.exitCode = scenarios === 0 ? rights : scenarios;
