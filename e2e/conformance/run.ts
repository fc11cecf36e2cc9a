/**
 * `make conformance`: Gateway API's official suite against the gateway as its charts install it. PROFILE=A,B chooses profiles, TEST=ShortName one
 * test, SUITE_ARGS="…" goes to the suite. Which extended features are tested says the GatewayClass.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import manifest from '../../package.json' with { type: 'json' };
import { binaryFolder } from '../cluster/inputs.ts';
import { installGateway } from '../install.ts';
import { attempt, insidePrefix, provideCluster, root } from '../place.ts';
import { suiteArguments } from './arguments.ts';
import { summarise } from './summary.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  provideCluster();
  installGateway((process.env['SET'] ?? '').split(',').filter((setting) => setting !== ''));
  const test = process.env['TEST'] ?? '';
  const reports = join(root, 'e2e/conformance/reports');
  // One test is no report: it would stand where that of the whole suite belongs.
  const report = test === '' ? join(reports, `experimental-v${manifest.version}-default-report.yaml`) : undefined;
  const log = join(root, 'dist/conformance/suite.log');
  mkdirSync(join(log, '..'), { recursive: true });
  if (report !== undefined) rmSync(report, { force: true });
  const args = suiteArguments({
    version: `v${manifest.version}`,
    profiles: process.env['PROFILE'] || 'GATEWAY-HTTP',
    test,
    ...(report === undefined ? {} : { report }),
    more: (process.env['SUITE_ARGS'] ?? '').split(' ').filter((word) => word !== ''),
  });
  const [file = '', ...rest] = [...insidePrefix(), join(binaryFolder(), 'conformance.test'), ...args];
  const code = await runSuite(file, rest, log);
  const summary = summarise(readFileSync(log, 'utf8'));
  process.stdout.write(
    `\n${summary.text}\nlog: ${relative(root, log)}${report === undefined ? '' : `, report: ${relative(root, report)}`}\n`,
  );
  const rights = attempt([...insidePrefix(), process.execPath, join(root, 'e2e/forbidden.ts')]);
  return code === 0 && (summary.failed.length > 0 || rights !== 0) ? 1 : code;
}

/** Everything goes to the log, the verdict of each test to the terminal. @returns the exit code */
function runSuite(file: string, args: readonly string[], log: string): Promise<number> {
  const out = createWriteStream(log);
  const suite = spawn(file, args, { cwd: join(root, 'dist/conformance'), stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [suite.stdout, suite.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      out.write(`${line}\n`);
      if (/^\s{0,4}--- (PASS|FAIL): /.test(line)) process.stdout.write(`${line}\n`);
    });
  }
  return new Promise((resolve) => {
    suite.on('close', (code) => out.end(() => resolve(code ?? 1)));
  });
}
