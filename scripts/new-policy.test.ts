import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

/** A copy of what a policy touches, and of what checks it. */
function copyOfTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'new-policy-'));
  for (const entry of ['pkg', 'cmd', 'scripts/jest', 'package.json', 'tsconfig.json', 'jest.config.js'])
    cpSync(join(root, entry), join(copy, entry), { recursive: true });
  // The program and the policies: what else there is in the tree refers to more than is copied.
  const whole = { extends: './tsconfig.json', include: ['cmd/gateway.ts', 'cmd/gatewayctl.ts', 'pkg/policy'] };
  writeFileSync(join(copy, 'tsconfig.policy.json'), JSON.stringify(whole));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

test('a new policy compiles, is registered everywhere, and its tests pass', () => {
  const copy = copyOfTree();
  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    expect(run(join(root, 'scripts/new-policy.ts'), 'quietHours', '--root', copy)).toContain('pkg/policy/quiethours');
    run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.policy.json');
    const tests = ['pkg/policy/quiethours', 'pkg/policy/translators.test.ts', 'pkg/policy/readme.test.ts'];
    run(
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--reporters=default',
      '--roots=pkg',
      '--',
      ...tests,
    );
    // Once only: a second one would overwrite somebody's work.
    expect(() => run(join(root, 'scripts/new-policy.ts'), 'quietHours', '--root', copy)).toThrow(/exists already/);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}, 120_000);
