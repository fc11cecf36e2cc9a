/** `make bundle`: one file per entry in dist/bundle, without node_modules; what the Dockerfile copies. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist/bundle');

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  // The tree is kept: the supervisor finds the entries of its threads relative to its own file.
  entryPoints: [
    'cmd/gateway.ts',
    'cmd/gatewayctl.ts',
    'pkg/worker/worker-thread.ts',
    'pkg/worker/controller-thread.ts',
    'pkg/worker/services-thread.ts',
    'pkg/services/password-thread.ts',
  ],
  outbase: '.',
  outdir,
  bundle: true,
  // What is loaded when it is needed stays in files of its own: the supervisor alone would otherwise be parsed with the whole data plane.
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: true,
  legalComments: 'linked',
  // CommonJS dependencies call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
// Nothing above /app says that .js files are modules.
await writeFile(join(outdir, 'package.json'), '{ "type": "module" }\n');
