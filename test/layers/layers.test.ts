/** The import directions of DESIGN are enforced by lint: each file under forbidden/ breaks one of them, and must be refused. */
import { execFile } from 'node:child_process';
import { cp, glob, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const forbidden = await Array.fromAsync(glob('pkg/**/*.ts', { cwd: join(import.meta.dirname, 'forbidden') }));
let folder = '';

// The rules apply to paths below the configuration, so the fixture is linted where its paths are those of the product.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layers-'));
  await cp(join(import.meta.dirname, 'forbidden'), folder, { recursive: true });
  await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
});
afterAll(() => rm(folder, { recursive: true }));

test('there is a forbidden import for each direction', () => {
  expect(forbidden.length).toBeGreaterThanOrEqual(8);
});

test.each(forbidden)('%s is refused', async (file) => {
  const lint = promisify(execFile)(process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint'), file], {
    cwd: folder,
  });
  await expect(lint).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('no-restricted-imports') });
});
