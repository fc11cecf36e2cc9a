import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

// No test can measure it on a shared machine, and `===` would pass every other one.
test.each([
  ['authentication/apikey.ts', 'timingSafeEqual(digest, known.hash)'],
  ['authentication/basic.ts', "timingSafeEqual(hash('sha1', password, 'buffer')"],
  ['signedurls/key.ts', 'timingSafeEqual(given, mac(text))'],
  ['../services/apr1.ts', 'return timingSafeEqual('],
])('%s compares what a client must not guess in constant time', (file, comparison) => {
  expect(readFileSync(join(import.meta.dirname, file), 'utf8')).toContain(comparison);
});
