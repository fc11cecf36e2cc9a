/** docs/policies.md shows what kubectl prints for examples/gateway-policy. `UPDATE=1 make e2e TEST=policies-page` writes it anew; read the diff. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createNamespace, deleteNamespace, kubectl } from '../kubectl.ts';
import { openPage } from '../page.ts';

/** Of its namespaces and its class: the names of the example may be somebody's. */
const prefix = 'e2e-levels-';
const namespaces = [`${prefix}infra`, `${prefix}shop`];
const page = openPage('policies.md', `${prefix}shop`, prefix);

beforeAll(async () => {
  for (const namespace of namespaces) await createNamespace(namespace);
  // The route before the policy: or an Event tells for an hour that it was not there.
  const files = ['gateway', 'services', 'route', 'policy'].map((name) => `${name}.yaml`);
  const example = files.flatMap((file) =>
    readFileSync(join(import.meta.dirname, '../../examples/gateway-policy', file), 'utf8').split(/^---$/m),
  );
  // No cluster has endpoints on loopback, as the demo does.
  const manifests = example
    .filter((text) => !text.includes('kind: EndpointSlice'))
    .map((text) =>
      text.replaceAll(/(namespace: |gatewayClassName: |kind: GatewayClass\nmetadata: \{ name: )/g, `$1${prefix}`),
    );
  await kubectl(['apply', '--server-side', '-f', '-'], manifests.join('---\n'));
  await kubectl(['wait', '-n', `${prefix}infra`, '--for=condition=Programmed', 'gateway/public', '--timeout=60s']);
});

afterAll(async () => {
  await kubectl(['delete', 'gatewayclass', `${prefix}suuupra`, '--ignore-not-found']);
  for (const namespace of namespaces) await deleteNamespace(namespace);
});

test('the page has commands', () => {
  expect(page.commands.length).toBeGreaterThan(1);
});

test.each(page.commands)('%s', async (command) => {
  const { printed, shown } = await page.compare(command);
  expect(printed).toBe(shown);
});
