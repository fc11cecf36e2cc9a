/**
 * Preloaded into every thread of a gateway whose memory is measured (`node --expose-gc --import`): collects garbage when the file
 * `collect` beside the manifests is written. What is counted is then what is kept, not what nobody has looked at yet.
 */
import { watchFile } from 'node:fs';
import { join } from 'node:path';

const manifests = process.argv.find((argument) => argument.startsWith('--directory='))?.slice('--directory='.length);
// Threads get a copy of the environment, but not the arguments.
if (manifests !== undefined) process.env['BENCH_COLLECT'] = join(manifests, '..', 'collect');
const file = process.env['BENCH_COLLECT'];
if (file !== undefined) {
  watchFile(file, { interval: 200 }, () => {
    // The most thorough one: also gives back what it can to the system.
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }).unref();
}
