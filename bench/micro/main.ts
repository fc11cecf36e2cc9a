/**
 * `make bench-micro`: what single steps cost, one by one; a table on stdout, and bench/results/micro.json for the report.
 * `GROUP=parser,matcher` runs some, `ROUNDS=n` says how often (default 9).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Benchmark, Figure, MicroResult } from './benchmark.ts';
import { measureConfiguration } from './compile.ts';
import { measureMatcher } from './matcher.ts';
import { measure } from './measure.ts';
import { parserBenchmarks } from './parser.ts';
import { measurePolicies } from './policies.ts';
import { rewriteBenchmarks } from './rewrite.ts';
import { renderFigures } from './table.ts';
import { telemetryBenchmarks } from './telemetry.ts';
import { measureTranslation } from './translation.ts';

const rounds = Number(process.env['ROUNDS'] ?? 9);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) throw new Error('ROUNDS is a number from 1 to 1000');
const all = (benchmarks: readonly Benchmark[]): readonly Figure[] => benchmarks.map((each) => measure(each, rounds));
const few = Math.min(rounds, 5);

const groups: Readonly<Record<string, () => readonly Figure[] | Promise<readonly Figure[]>>> = {
  parser: () => all(parserBenchmarks()),
  head: () => all(rewriteBenchmarks()),
  telemetry() {
    const telemetry = telemetryBenchmarks();
    const figures = all(telemetry.benchmarks);
    telemetry.close();
    return figures;
  },
  matcher: () => measureMatcher(rounds),
  policies: () => measurePolicies(rounds),
  configuration: () => measureConfiguration(few),
  translation: () => measureTranslation(few),
};

const wanted = (process.env['GROUP'] ?? Object.keys(groups).join(',')).split(',');
const figures: Figure[] = [];
for (const name of wanted) {
  const group = groups[name];
  if (group === undefined) throw new Error(`GROUP has no ${name}; there are ${Object.keys(groups).join(', ')}`);
  const measured = await group();
  figures.push(...measured);
  process.stdout.write(`${renderFigures(measured)}\n`);
}

// Some groups alone are somebody trying something: they must not become the report's figures.
if (process.env['GROUP'] === undefined) {
  const result: MicroResult = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', rounds, figures };
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('micro.json', folder), `${JSON.stringify(result, null, 2)}\n`);
}
