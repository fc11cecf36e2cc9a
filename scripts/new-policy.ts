/** `make new-policy NAME=quietHours`: a policy folder that works, registered; what it does is for you to replace. docs/write-a-policy.md */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { policyFiles } from './new-policy-files.ts';

/** In a file, one more line in front of the first line that has `before`. */
interface Insertion {
  readonly file: string;
  readonly before: string;
  readonly text: string;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { root: { type: 'string', default: join(import.meta.dirname, '..') } },
});
const [name = ''] = positionals;
if (!/^[a-z][A-Za-z0-9]{1,40}$/.test(name)) {
  process.stderr.write('usage: make new-policy NAME=quietHours (the key that users write, in camelCase)\n');
  process.exit(2);
}
const folder = name.toLowerCase();
const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
const root = values.root;
if (existsSync(join(root, 'pkg/policy', folder))) {
  process.stderr.write(`pkg/policy/${folder} exists already; choose another name\n`);
  process.exit(2);
}

const insertions: readonly Insertion[] = [
  {
    file: 'pkg/ir/filter.ts',
    before: 'import type { RedirectConfig }',
    text: `import type { ${type}Config } from '../policy/${folder}/schema.ts';`,
  },
  {
    file: 'pkg/ir/filter.ts',
    before: '  readonly redirect: RedirectConfig;',
    text: `  readonly ${name}: ${type}Config;`,
  },
  {
    file: 'pkg/policy/order.ts',
    before: "import { headersSchema } from './header-schema.ts';",
    text: `import { ${name}Schema } from './${folder}/schema.ts';`,
  },
  {
    file: 'pkg/policy/order.ts',
    before: '  redirect: {',
    text: `  ${name}: { merge: 'Replace', failure: 'Open', schema: ${name}Schema, reason: 'say why it stands here' },`,
  },
  {
    file: 'pkg/policy/translators.ts',
    before: 'import { translateRedirect }',
    text: `import type { ${type}Spec } from './${folder}/schema.ts';\nimport { translate${type} } from './${folder}/translate.ts';`,
  },
  {
    file: 'pkg/policy/translators.ts',
    before: '  readonly redirect: HTTPRequestRedirectFilter;',
    text: `  readonly ${name}: ${type}Spec;`,
  },
  {
    file: 'pkg/policy/translators.ts',
    before: '  redirect: (spec, path)',
    text: `  ${name}: (spec, path) => built(translate${type}(spec, path)),`,
  },
  {
    file: 'pkg/policy/filters.ts',
    before: 'import { createRedirect }',
    text: `import { create${type} } from './${folder}/filter.ts';`,
  },
  { file: 'pkg/policy/filters.ts', before: '  redirect: createRedirect,', text: `  ${name}: create${type},` },
  {
    file: 'pkg/policy/translators.test.ts',
    before: '  authentication: {',
    text: `  ${name}: { header: 'x-${folder}' },`,
  },
];

mkdirSync(join(root, 'pkg/policy', folder));
for (const [file, text] of policyFiles({ name, type, folder }))
  writeFileSync(join(root, 'pkg/policy', folder, file), text);
for (const { file, before, text } of insertions) {
  const path = join(root, file);
  const lines = readFileSync(path, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes(before));
  if (at < 0) throw new Error(`${file} has no line with ${before}: mend scripts/new-policy.ts`);
  lines.splice(at, 0, text);
  writeFileSync(path, lines.join('\n'));
}
process.stdout.write(
  `pkg/policy/${folder} is made and registered. Next: npx biome check --write --linter-enabled=false pkg/policy pkg/ir, make generate, npm run jest -- pkg/policy; then docs/write-a-policy.md.\n`,
);
