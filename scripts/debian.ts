/** Single libraries out of Debian packages, for an image without a package manager. Used by `image.ts`; needs apt-get and dpkg-deb, no root. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TarEntry } from './tar.ts';

/** What the Node binary is linked with, and what resolves names for it. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  libc6: [
    'libc.so.6',
    'libm.so.6',
    'libdl.so.2',
    'libpthread.so.0',
    'libresolv.so.2',
    'libnss_dns.so.2',
    'libnss_files.so.2',
  ],
  'libstdc++6': ['libstdc++.so.6'],
  'libgcc-s1': ['libgcc_s.so.1'],
  libatomic1: ['libatomic.so.1'],
};

const Platforms = {
  amd64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2', loaderFolder: 'lib64' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1', loaderFolder: 'lib' },
} as const;

/**
 * The libraries, their copyright files and, where scanners look for it, what each package says of itself.
 * @throws when apt-get cannot fetch a package, or one lacks a file
 */
export function debianFiles(architecture: 'amd64' | 'arm64'): TarEntry[] {
  const { triplet, loader, loaderFolder } = Platforms[architecture];
  const folder = mkdtempSync(join(tmpdir(), 'debian-'));
  try {
    download(folder, Object.keys(WANTED));
    return Object.entries(WANTED).flatMap(([name, libraries]) => {
      const archive = globSync(`${name}_*.deb`, { cwd: folder })[0];
      if (archive === undefined) throw new Error(`apt-get fetched no package ${name}`);
      const root = join(folder, name);
      execFileSync('dpkg-deb', ['-x', join(folder, archive), root]);
      const wanted = name === 'libc6' ? [...libraries, loader] : libraries;
      return [
        ...wanted.map((library) => {
          const place = library === loader ? `${loaderFolder}/${library}` : `lib/${triplet}/${library}`;
          return file(place, findLibrary(root, triplet, library), 0o755);
        }),
        file(`var/lib/dpkg/status.d/${name}`, execFileSync('dpkg-deb', ['-f', join(folder, archive)])),
        ...copyright(root, name),
      ];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function download(folder: string, packages: readonly string[]): void {
  const fetch = () => execFileSync('apt-get', ['download', '-qq', ...packages], { cwd: folder, stdio: 'pipe' });
  try {
    fetch();
  } catch {
    // A fresh container has no lists of packages yet.
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'] });
    fetch();
  }
}

/** Debian 12 has them under /lib and /usr/lib, Debian 13 only under /usr/lib; the names are links to versioned files beside them. */
function findLibrary(root: string, triplet: string, name: string): Buffer {
  for (const folder of [`lib/${triplet}`, `usr/lib/${triplet}`]) {
    const path = join(root, folder, name);
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return readFileSync(path);
  }
  throw new Error(`package ${basename(root)} has no ${name}`);
}

function copyright(root: string, name: string): TarEntry[] {
  const path = `usr/share/doc/${name}/copyright`;
  // Some packages link to the folder of another one.
  return statSync(join(root, path), { throwIfNoEntry: false }) === undefined
    ? []
    : [file(path, readFileSync(join(root, path)))];
}

function file(path: string, content: Buffer, mode = 0o644): TarEntry {
  return { path, kind: 'file', mode, content };
}
