/** docs/kubectl.md shows what kubectl prints. `UPDATE=1 make e2e TEST=kubectl` writes it anew; read the diff. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createNamespace, deleteNamespace, kubectl } from '../kubectl.ts';
import { openPage } from '../page.ts';

const namespace = 'e2e-shop';
const page = openPage('kubectl.md', namespace);

beforeAll(async () => {
  await createNamespace(namespace);
  const manifests = readFileSync(join(import.meta.dirname, 'testdata/kubectl.yaml'), 'utf8');
  await kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], manifests);
  await kubectl(['wait', '-n', namespace, '--for=condition=Programmed', 'gateway/public', '--timeout=60s']);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

test('the page has commands', () => {
  expect(page.commands.length).toBeGreaterThan(8);
});

test.each(page.commands)('%s', async (command) => {
  const { printed, shown } = await page.compare(command);
  expect(printed).toBe(shown);
});
