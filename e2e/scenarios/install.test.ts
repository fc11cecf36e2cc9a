/** A new user: what the chart prints after the installation is typed as it stands, and works. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { gatewayAddress } from '../gateway.ts';
import { Release, ReleaseNamespace } from '../install.ts';
import { createNamespace, deleteNamespace, kubectl } from '../kubectl.ts';
import { run } from '../run.ts';
import { until } from '../until.ts';

const namespace = 'e2e-install';

beforeAll(async () => {
  await createNamespace(namespace);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

test('the commands of NOTES.txt work one after the other', async () => {
  const notes = await run('helm', 'get', 'notes', Release, '--namespace', ReleaseNamespace);
  const commands = notes.split('\n').filter((line) => /^ {5}\S/.test(line));
  expect(commands.length).toBeGreaterThanOrEqual(3);
  // A user works in a namespace of his own: that is said in his kubeconfig, of which this is a copy.
  const folder = await mkdtemp(join(tmpdir(), 'e2e-install-'));
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await kubectl(['config', 'view', '--raw', '--flatten']));
    await kubectl(['config', '--kubeconfig', kubeconfig, 'set-context', '--current', '--namespace', namespace]);
    for (const command of commands) {
      const typed = `export KUBECONFIG=${kubeconfig}; set -o pipefail; ${command.trim()}`;
      expect(await run('bash', '-c', typed)).not.toMatch(/error|forbidden/i);
    }
    // The last one makes a Gateway: without routes it answers, and has nothing to serve.
    const address = await gatewayAddress(namespace, 'public');
    const { status } = await until('the Gateway answers', () => ask(`http://${address}/`));
    expect(status).toBe(404);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('kubectl explains our kinds, with a description for every field of a route', async () => {
  const text = await kubectl(['explain', 'gatewayroutes.spec.rules']);
  expect(text).toContain('DESCRIPTION');
  expect(text).not.toMatch(/<no description>/);
});
