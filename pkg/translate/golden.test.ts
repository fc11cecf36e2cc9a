/** Runs every `testdata/<case>.in.yaml` and compares IR and statuses with `<case>.out.yaml`; `UPDATE=1` rewrites those. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readCase, renderTranslation } from '../testkit/golden.ts';
import { translate } from './translate.ts';

const folder = fileURLToPath(new URL('./testdata/', import.meta.url));
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) => file.slice(0, -'.in.yaml'.length));

describe('translate', () => {
  test.each(cases)('%s', (name) => {
    const { options, snapshot } = readCase(readFileSync(`${folder}${name}.in.yaml`, 'utf8'));
    const text = renderTranslation(translate(snapshot, options), options);
    const file = `${folder}${name}.out.yaml`;
    if (process.env['UPDATE'] === '1') writeFileSync(file, text);
    expect(existsSync(file)).toBe(true);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });
});
