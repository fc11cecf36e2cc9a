/** `make torture`: breaks things while traffic flows and prints what that cost. SCENARIO=a,b chooses, QUICK=1 is the scale of CI, ARGS="…" goes to each gateway. */
import { type Line, report } from './report.ts';
import { runScenario } from './run.ts';
import { passed, type Scale } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// What was started is killed when this process exits; a signal alone would leave it behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main(process.env['SCENARIO'] ?? '', process.env['QUICK'] === '1' ? 'quick' : 'full');

async function main(names: string, scale: Scale): Promise<number> {
  const wanted = names.split(',').filter((name) => name !== '');
  const unknown = wanted.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    const known = scenarios.map(({ name, title }) => `  ${name.padEnd(20)} ${title}\n`).join('');
    process.stderr.write(`SCENARIO: ${unknown.join(', ')} is none of\n${known}`);
    return 2;
  }
  const args = (process.env['ARGS'] ?? '').split(' ').filter((each) => each !== '');
  const lines: Line[] = [];
  let threw = 0;
  for (const scenario of scenarios) {
    const { name, title } = scenario;
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stdout.write(`${name}: ${title}\n`);
    const from = performance.now();
    try {
      const rows = await runScenario(scenario, scale, args);
      lines.push(...rows.map((row) => ({ scenario: name, row })));
      const verdict = rows.every(passed) ? 'ok' : 'MISSED';
      process.stdout.write(`  ${verdict} after ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
    } catch (error) {
      threw++;
      process.stdout.write(`  MISSED: ${Error.isError(error) ? error.stack : String(error)}\n`);
    }
  }
  process.stdout.write(`\n${report(lines)}`);
  return threw > 0 || lines.some(({ row }) => !passed(row)) ? 1 : 0;
}
