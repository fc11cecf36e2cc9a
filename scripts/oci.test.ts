/** Images as archives: what tar and an OCI reader find in them. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { packImages } from './oci.ts';
import { packTar, type TarEntry } from './tar.ts';

const files: readonly TarEntry[] = [
  { path: 'bin/app', kind: 'file', mode: 0o755, content: Buffer.from('#!\n') },
  { path: 'tmp', kind: 'folder', mode: 0o1777 },
  { path: `${'long/'.repeat(30)}name.txt`, kind: 'file', mode: 0o644, content: Buffer.alloc(513, 'x') },
  { path: 'lib/link', kind: 'link', mode: 0o777, target: '../bin/app' },
];
const image = {
  names: ['e2e.local/app:1', 'e2e.local/app:2'],
  files,
  config: { entrypoint: ['/bin/app'], user: '65532:65532' },
};

function unpack(archive: Buffer): { folder: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'oci-'));
  writeFileSync(join(folder, 'archive.tar'), archive);
  execFileSync('tar', ['-xf', 'archive.tar'], { cwd: folder });
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

describe('tar', () => {
  test('gives files, folders, links, modes and long paths back', () => {
    using unpacked = unpack(packTar(files));
    const at = (path: string) => join(unpacked.folder, path);
    expect(readFileSync(at('lib/link'), 'utf8')).toBe('#!\n');
    expect(statSync(at('bin/app')).mode & 0o7777).toBe(0o755);
    expect(readFileSync(at(`${'long/'.repeat(30)}name.txt`), 'utf8')).toHaveLength(513);
  });

  test('refuses what it cannot hold', () => {
    expect(() => packTar([{ path: 'x'.repeat(101), kind: 'file', mode: 0o644 }])).toThrow('too long');
    expect(() => packTar([{ path: 'l', kind: 'link', mode: 0o777, target: 'x'.repeat(101) }])).toThrow(
      'longer than 100',
    );
  });
});

describe('an image', () => {
  test('is a layout whose digests are those of its blobs, one descriptor for each name', () => {
    using unpacked = unpack(packImages([image], 'amd64'));
    const read = (path: string) => JSON.parse(readFileSync(join(unpacked.folder, path), 'utf8'));
    const blob = (digest: string) => `blobs/sha256/${digest.slice('sha256:'.length)}`;
    const { manifests } = read('index.json') as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    expect(manifests.map(({ annotations }) => annotations['io.containerd.image.name'])).toEqual(image.names);
    const manifest = read(blob(manifests[0]!.digest)) as {
      config: { digest: string };
      layers: { digest: string; size: number }[];
    };
    const layer = readFileSync(join(unpacked.folder, blob(manifest.layers[0]!.digest)));
    expect(manifest.layers[0]).toMatchObject({
      size: layer.length,
      digest: `sha256:${createHash('sha256').update(layer).digest('hex')}`,
    });
    expect(read(blob(manifest.config.digest))).toMatchObject({
      architecture: 'amd64',
      config: { Entrypoint: ['/bin/app'], User: '65532:65532' },
      rootfs: { diff_ids: [manifest.layers[0]!.digest] },
    });
  });

  test('is the same for the same input in another order', () => {
    const other = { ...image, files: files.toReversed() };
    expect(packImages([image], 'amd64').equals(packImages([other], 'amd64'))).toBe(true);
  });
});
