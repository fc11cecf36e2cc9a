/** Reads the access logs of targets. */
import { createReadStream } from 'node:fs';
import { readFile, truncate } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** How long lines may take to arrive in the file, in milliseconds: proxies hold them back for a second or so. */
const Patience = 5000;

export async function emptyLog(path: string): Promise<void> {
  // Every proxy appends, so the file starts again at its beginning.
  await truncate(path, 0);
}

/** Waits until the lines are as wanted, or for a while. */
export async function readLines(
  path: string,
  wanted: (lines: readonly string[]) => boolean,
): Promise<readonly string[]> {
  const end = Date.now() + Patience;
  for (;;) {
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    if (wanted(lines) || Date.now() > end) return lines;
    await setTimeout(50);
  }
}

/** Waits until the file has that many lines, or for a while. @returns how many it has */
export async function countLines(path: string, expected: number): Promise<number> {
  const end = Date.now() + Patience;
  for (;;) {
    const lines = await linesIn(path);
    if (lines >= expected || Date.now() > end) return lines;
    await setTimeout(100);
  }
}

async function linesIn(path: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = chunk as Buffer;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  }
  return lines;
}
