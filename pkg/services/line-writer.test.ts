/** The writer of logs: in order, in bounds, and never blocked by whoever reads. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLineWriter } from './line-writer.ts';

let folder = '';
const descriptors: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lines-'));
});
afterEach(() => {
  for (const fd of descriptors.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true });
});

const bytes = (text: string) => new TextEncoder().encode(text);

/** A pipe that nobody reads: its two ends. */
function pipe(): { readonly read: number; readonly write: number } {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  descriptors.push(read, write);
  return { read, write };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    await promise;
  }
}

test('lines are in the file in their order', async () => {
  const path = join(folder, 'log');
  const writer = createLineWriter({ target: path });
  for (let i = 0; i < 500; i++) writer.write(bytes(`${i}\n`));
  await writer.close(5000);
  expect(readFileSync(path, 'utf8')).toBe(Array.from({ length: 500 }, (_, i) => `${i}\n`).join(''));
});

test('after a rotation lines go to the new file, and none is lost', async () => {
  const path = join(folder, 'log');
  const writer = createLineWriter({ target: path });
  writer.write(bytes('old\n'));
  await until(() => readFileSync(path, 'utf8') !== '');
  renameSync(path, `${path}.1`);
  writer.reopen();
  writer.write(bytes('new\n'));
  await writer.close(5000);
  expect(readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8')).toBe('old\nnew\n');
  expect(readFileSync(path, 'utf8')).toBe('new\n');
});

test('a pipe that nobody reads costs lines, which are counted, and stops nothing', async () => {
  const { read, write } = pipe();
  const writer = createLineWriter({ target: write, maxQueuedBytes: 100_000 });
  const line = `${'x'.repeat(999)}\n`;
  for (let i = 0; i < 1000; i++) writer.write(bytes(line));
  expect(writer.dropped).toBeGreaterThan(0);
  await writer.close(50);
  // What fitted into the pipe is whole lines up to where it was full, everything else is counted.
  const got = Buffer.alloc(200_000);
  const length = readSync(read, got);
  expect(writer.dropped).toBeGreaterThanOrEqual(1000 - Math.ceil(length / 1000));
  expect(got.toString('latin1', 0, 1000)).toBe(line);
});

test('a reader that comes late gets what was kept, in order', async () => {
  const { read, write } = pipe();
  const writer = createLineWriter({ target: write });
  const count = 20_000;
  for (let i = 0; i < count; i++) writer.write(bytes(`${i}\n`));
  let text = '';
  const buffer = Buffer.alloc(65_536);
  const expected = Array.from({ length: count }, (_, i) => `${i}\n`).join('');
  await until(() => {
    try {
      text += buffer.toString('latin1', 0, readSync(read, buffer));
    } catch {
      // EAGAIN: nothing there yet.
    }
    return text.length >= expected.length;
  });
  await writer.close(1000);
  expect(text).toBe(expected);
  expect(writer.dropped).toBe(0);
});

test('a reader that went away costs its lines, not the process', async () => {
  const { read, write } = pipe();
  const writer = createLineWriter({ target: write });
  closeSync(read);
  descriptors.splice(descriptors.indexOf(read), 1);
  writer.write(bytes('one\ntwo\n'));
  await until(() => writer.dropped === 2);
  await writer.close(1000);
  expect(writer.dropped).toBe(2);
});

test('a socket that nobody reads holds up neither the writer nor the end of the process', async () => {
  const code = `
    import { createLineWriter } from ${JSON.stringify(new URL('./line-writer.ts', import.meta.url))};
    const writer = createLineWriter({ target: 1 });
    for (let i = 0; i < 3000; i++) writer.write(Buffer.alloc(1000, 10));
    await writer.close(50);
    process.stderr.write(String(writer.dropped));`;
  // What Node calls a pipe is a pair of sockets.
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  expect(await once(child, 'exit')).toEqual([0, null]);
  child.stdout.destroy();
  expect(Number(told)).toBeGreaterThan(0);
});

test('after a full disk the next line is whole, whatever was cut before it', async () => {
  const path = join(folder, 'log');
  const code = `
    import { truncateSync } from 'node:fs';
    import { createLineWriter } from ${JSON.stringify(new URL('./line-writer.ts', import.meta.url))};
    const writer = createLineWriter({ target: ${JSON.stringify(path)} });
    writer.write(Buffer.from('x'.repeat(9_999) + '\\n'));
    while (writer.dropped === 0) await new Promise(setImmediate);
    truncateSync(${JSON.stringify(path)}, 3);
    writer.write(Buffer.from('next\\n'));
    await writer.close(1000);
    process.stderr.write(String(writer.dropped));`;
  // A limit on the size of files fails as a full disk does: in the middle of a write.
  const limited = ['-c', 'ulimit -f 4; exec "$0" --input-type=module -e "$1"', process.execPath, code];
  const child = spawn('sh', limited, { stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(told).toBe('1');
  expect(readFileSync(path, 'utf8')).toBe('xxx\nnext\n');
});

test('a file that cannot be opened is told', () => {
  expect(() => createLineWriter({ target: join(folder, 'no', 'log') })).toThrow(/ENOENT/);
});
