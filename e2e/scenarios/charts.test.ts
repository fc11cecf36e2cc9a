/** Everything that the charts render for a matrix of values is taken by a real API server: `make helm-test`, in here too. */
import { expect, test } from '@jest/globals';
import { run } from '../run.ts';

test('helm lint, helm template and a server-side dry run of every case', async () => {
  const said = await run(process.execPath, 'e2e/charts/main.ts');
  expect(said).toMatch(/^all as it should be\n$/m);
});
