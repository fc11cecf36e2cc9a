/** Keeps what failed: minimised, as an entry that can go into `test/corpus` as soon as somebody has said what is right. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { minimise } from './minimise.ts';
import type { Failure } from './part.ts';

const folder = fileURLToPath(new URL('./failures/', import.meta.url));

export interface Saved {
  readonly file: string;
  readonly what: string;
  readonly input: string;
}

export async function save({ part, index, what, input, check }: Failure, seed: number): Promise<Saved> {
  const small = await minimise(input, check);
  const file = `${part}-${seed}-${index}.json`;
  const entry = {
    name: `fuzz ${part} seed ${seed} input ${index}: ${small.what ?? `${what} (not seen again alone)`}`,
    bytes: small.input,
    original: input,
    expect: null,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${file}`, `${JSON.stringify(entry, null, 2)}\n`);
  return { file: `test/fuzz/failures/${file}`, what: small.what ?? what, input: small.input };
}
