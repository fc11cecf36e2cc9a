/**
 * `make image`: the product's image in dist/image/suuupra-gateway.tar, without a container engine. Node, its libraries and the bundles of
 * `make bundle` lie where the Dockerfile has them; no shell, no package manager, not root. IMAGE=a,b names it.
 */
import { Buffer } from 'node:buffer';
import { globSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { debianFiles } from './debian.ts';
import { packImages } from './oci.ts';
import type { TarEntry } from './tar.ts';

const root = join(import.meta.dirname, '..');
const bundle = join(root, 'dist/bundle');
const target = join(root, 'dist/image/suuupra-gateway.tar');
const names = (process.env['IMAGE'] || 'e2e.local/suuupra-gateway:dev').split(',');
const User = 65532;

if (process.platform !== 'linux')
  throw new Error('make image packs the Node of this machine, which must be Linux; build the Dockerfile instead');
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

const files: TarEntry[] = [
  ...debianFiles(architecture),
  ...accounts(),
  { path: 'tmp', kind: 'folder', mode: 0o1777 },
  // The last known good configuration; a volume lies over it where the root is read-only.
  { path: 'var/lib/suuupra', kind: 'folder', mode: 0o700, owner: User },
  fromDisk('nodejs/bin/node', realpathSync(process.execPath), 0o755),
  fromDisk('nodejs/LICENSE', join(realpathSync(process.execPath), '../../LICENSE')),
  fromDisk('app/LICENSE', join(root, 'LICENSE')),
  ...globSync('**/*.{js,json,txt}', { cwd: bundle }).map((path) => fromDisk(`app/${path}`, join(bundle, path))),
];
const archive = packImages(
  [
    {
      names,
      files,
      config: {
        entrypoint: ['/nodejs/bin/node', '/app/cmd/gateway.js'],
        environment: ['PATH=/nodejs/bin', 'NODE_ENV=production', 'UV_THREADPOOL_SIZE=8'],
        user: `${User}:${User}`,
        workingFolder: '/app',
        labels: {
          'org.opencontainers.image.title': manifest.name,
          'org.opencontainers.image.description': manifest.description,
          'org.opencontainers.image.version': manifest.version,
          'org.opencontainers.image.licenses': manifest.license,
        },
      },
    },
  ],
  architecture,
);
mkdirSync(join(target, '..'), { recursive: true });
// Whole or not at all: a test may be loading the previous one.
writeFileSync(`${target}.new`, archive);
renameSync(`${target}.new`, target);
process.stdout.write(`${target}: ${names.join(', ')}, ${Math.round(archive.length / 1_048_576)} MiB\n`);

/** Names for the two users that run in it, and where names of hosts come from. */
function accounts(): TarEntry[] {
  const lines: Readonly<Record<string, string>> = {
    'etc/passwd': `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${User}:${User}:nonroot:/tmp:/sbin/nologin\n`,
    'etc/group': `root:x:0:\nnonroot:x:${User}:\n`,
    'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
    'etc/os-release': readFileSync('/etc/os-release', 'utf8'),
  };
  return Object.entries(lines).map(([path, text]) => ({ path, kind: 'file', mode: 0o644, content: Buffer.from(text) }));
}

function fromDisk(path: string, source: string, mode = 0o644): TarEntry {
  return { path, kind: 'file', mode, content: readFileSync(source) };
}
