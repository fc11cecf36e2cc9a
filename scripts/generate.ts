/** `make generate`: writes every file that is made from the code, under crds/, charts/ and docs/reference/. All of them are committed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles } from '../pkg/api/generated.ts';
import { flagsReference } from '../pkg/config/help.ts';
import { chartFiles } from './chart/files.ts';

const root = join(import.meta.dirname, '..');
for (const [path, content] of [
  ...generatedFiles(),
  ...chartFiles(),
  ['docs/reference/flags.md', flagsReference()] as const,
]) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
