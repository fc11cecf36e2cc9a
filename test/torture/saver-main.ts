/**
 * A process that does nothing but save the last known good, one version after the other, until it is killed. Started by the disk-full scenario,
 * with the file and the first version as arguments: a thousand routes that all carry the version, so that a mixture would be seen.
 */
import { setTimeout } from 'node:timers/promises';
import { createLastKnownGood } from '../../pkg/controller/last-known-good.ts';
import type { Ir } from '../../pkg/ir/ir.ts';
import { systemClock } from '../../pkg/store/clock.ts';
import { sections } from '../../pkg/worker/delta.ts';

const [file = '', first = '1'] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn: fail, error: fail, fatal: fail };
const lastKnownGood = createLastKnownGood({ file, keys: true, log, clock: systemClock, quiet: 0, max: 0 });

process.stdout.write('saving\n');
for (let version = Number(first); ; version++) {
  lastKnownGood.save(version, irOf(version));
  await setTimeout(2);
}

function irOf(version: number): Ir {
  const routes = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`route-${i}`, { version, text: 'a route has its rules here '.repeat(20) }]),
  );
  const ir: unknown = Object.fromEntries(sections.map((section) => [section, section === 'routes' ? routes : {}]));
  // What is in the sections is nothing to the file.
  return ir as Ir;
}

function fail(context: object, message: string): never {
  process.stderr.write(`${message}: ${JSON.stringify(context)}\n`);
  process.exit(1);
}
