/** What the main thread says by itself must not end the process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';

test('a line for a reader that went away ends nothing', async () => {
  const code = `
    import { writeDirectly } from ${JSON.stringify(new URL('./direct-line.ts', import.meta.url))};
    process.stdin.resume().on('end', () => writeDirectly('nobody reads this'));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stderr.destroy();
  await once(child.stderr, 'close');
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});
