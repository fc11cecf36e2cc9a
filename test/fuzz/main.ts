/** `make fuzz`: hostile inputs by the million against llhttp, nginx and our own rules. SEED, COUNT, SECONDS and PART change what is run. */
import { save } from './failures.ts';
import { renderOutcome } from './report.ts';
import { runParts } from './run.ts';

const { env, versions } = process;
const seed = Number(env['SEED'] ?? Date.now() % 1_000_000);
const count = Number(env['COUNT'] ?? 1_500_000);
const seconds = Number(env['SECONDS'] ?? 900);
const only = (env['PART'] ?? '').split(',').filter((name) => name !== '');

for (const [name, value] of Object.entries({ SEED: seed, COUNT: count, SECONDS: seconds }))
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} must be a whole number`);

console.log(`SEED=${seed} COUNT=${count} SECONDS=${seconds} PART=${only.join(',')}`);
let failed = 0;
let told = performance.now();
const { outcomes, nginx } = await runParts(
  {
    seed,
    count,
    seconds,
    only,
    progress(text) {
      if (performance.now() < told + 3_000) return;
      told = performance.now();
      console.log(`  … ${text}`);
    },
  },
  async ({ failures }) => {
    failed += failures.length;
    for (const failure of failures) {
      const saved = await save(failure, seed);
      console.log(`FAILED ${saved.file}\n  ${saved.what}\n  ${JSON.stringify(saved.input)}`);
    }
  },
);
console.log(`\nllhttp ${versions['llhttp']}, nginx ${nginx ?? 'not there: NOT RUN'}, seed ${seed}\n`);
for (const outcome of outcomes) console.log(renderOutcome(outcome));
console.log(failed === 0 ? 'nothing failed' : `${failed} failures, saved in test/fuzz/failures`);
process.exitCode = failed === 0 ? 0 : 1;
