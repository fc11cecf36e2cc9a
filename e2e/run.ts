/** Any command for scenarios: helm and the like, as a user would type it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { root } from './place.ts';

/** @returns what it printed. @throws with its standard error if it fails */
export async function run(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
