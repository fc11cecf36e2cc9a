/**
 * Writes docs/performance.md and docs/performance.svg from bench/results/*.json: at the end of `make bench`, or alone as `node bench/report.ts`.
 * Runs with QUICK or TARGETS leave their results in bench/results/partial, which is not read.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MicroResult } from './micro/benchmark.ts';
import { type ClusterResult, renderChart, renderPage } from './report-page.ts';
import type { Result } from './result.ts';
import { scenarios } from './scenarios/all.ts';

const root = join(import.meta.dirname, '..');
const folder = join(import.meta.dirname, 'results');

/** @returns the files that were written, from the root of the repository; none if nothing was measured yet */
export function writeReport(): readonly string[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const results = files
    .filter((name) => name !== 'micro.json' && name !== 'cluster.json')
    .map((name) => read(name) as Result);
  if (results.length === 0) return [];
  const written = join(import.meta.dirname, 'where-the-time-goes.md');
  const page = renderPage({
    results: results.toSorted(
      (a, b) => rank(a.scenario) - rank(b.scenario) || a.scenario.localeCompare(b.scenario, 'en', { numeric: true }),
    ),
    micro: files.includes('micro.json') ? (read('micro.json') as MicroResult) : null,
    cluster: files.includes('cluster.json') ? (read('cluster.json') as ClusterResult) : null,
    whereTheTimeGoes: existsSync(written) ? readFileSync(written, 'utf8') : null,
  });
  writeFileSync(join(root, 'docs/performance.md'), page);
  writeFileSync(
    join(root, 'docs/performance.svg'),
    renderChart(results.toSorted((a, b) => rank(a.scenario) - rank(b.scenario))),
  );
  return ['docs/performance.md', 'docs/performance.svg'];
}

/** Results stand in the order of their scenarios, of which some have several. */
function rank(name: string): number {
  const exact = scenarios.findIndex((scenario) => scenario.name === name);
  if (exact >= 0) return exact;
  const one = scenarios.findIndex((scenario) => name.startsWith(`${scenario.name}-`));
  return one >= 0 ? one : scenarios.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const paths = writeReport();
  if (paths.length === 0) {
    process.stderr.write('bench/results is empty: run make bench first\n');
    process.exitCode = 1;
  }
  for (const path of paths) process.stdout.write(`${path}\n`);
}
