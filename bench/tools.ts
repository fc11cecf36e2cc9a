/** Compiles the C tools of bench/c into the cache, keyed by their sources. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Tools {
  readonly origin: string;
  readonly load: string;
  readonly idle: string;
  readonly floor: string;
}

const sources = join(import.meta.dirname, 'c');
const libraries = { origin: [], load: ['-lssl', '-lcrypto', '-lm'], idle: [], floor: [] } as const;

/** @throws what the compiler says */
export async function buildTools(cache: string): Promise<Tools> {
  await mkdir(cache, { recursive: true });
  const hash = createHash('sha256');
  for (const name of (await readdir(sources)).toSorted()) hash.update(await readFile(join(sources, name)));
  const key = hash.digest('hex').slice(0, 12);
  const build = async (name: keyof Tools): Promise<string> => {
    const path = join(cache, `${name}-${key}`);
    if (existsSync(path)) return path;
    const scratch = `${path}.${process.pid}`;
    const args = ['-O2', '-Wall', '-Wextra', '-Werror', '-o', scratch, join(sources, `${name}.c`), ...libraries[name]];
    await promisify(execFile)('gcc', args);
    // In one step: another run may be at it too.
    await rename(scratch, path);
    return path;
  };
  return {
    origin: await build('origin'),
    load: await build('load'),
    idle: await build('idle'),
    floor: await build('floor'),
  };
}
