/** A copy of a chart as another release would have it: for upgrades, rollbacks and downgrades. Used by scenarios. */
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { root } from '../place.ts';

export interface ChartCopy extends Disposable {
  readonly folder: string;
}

export function chartOfVersion(chart: string, version: string): ChartCopy {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  cpSync(join(root, 'charts', chart), folder, { recursive: true });
  for (const path of globSync(['Chart.yaml', 'templates/*.yaml'], { cwd: folder })) {
    const file = join(folder, path);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`ersion: ${manifest.version}\n`, `ersion: ${version}\n`));
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
