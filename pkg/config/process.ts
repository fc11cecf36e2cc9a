/** The one place that reads process.argv and process.env. */
import { readFileSync } from 'node:fs';
import { type Loaded, loadConfig } from './config.ts';

export function loadProcessConfig(): Loaded {
  return loadConfig({
    argv: process.argv.slice(2),
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
}
