/** What is in the directory right now: folders to watch, manifests to read. Used by `directory.ts`. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const MAX_FILE_BYTES = 1024 * 1024;
/** An empty file of this name in the directory says: no manifests is what I want. */
export const EMPTY_MARKER = '.suuupra-empty';

export interface Scan {
  /** Folder by its path relative to the root (`''` is the root) → device and inode, which tell a replaced folder. */
  readonly folders: ReadonlyMap<string, string>;
  /** Relative paths of manifests → a signature that changes with the content, `''` where it cannot be trusted. */
  readonly files: ReadonlyMap<string, string>;
  /** Folders that could not be listed, with the system's error: what was in them is unknown, not gone. */
  readonly unread: ReadonlyMap<string, string>;
  /** Whether EMPTY_MARKER is in the root. */
  readonly markedEmpty: boolean;
}

/** Modification times are no finer than the kernel's tick: a file this young (ms) may change without a new signature. */
const YOUNG = 100;

export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && /\.(?:ya?ml|json)$/i.test(name);
}

/**
 * Lists the tree below `root`. Hidden names are skipped, links followed: in a mounted ConfigMap (`..data` → `..2026_…`) the files are
 * links into hidden folders, so each is seen once. A folder reached twice, as by a link to its parent, is listed once.
 */
export async function scanTree(root: string): Promise<Scan> {
  const scan = {
    folders: new Map<string, string>(),
    files: new Map<string, string>(),
    unread: new Map<string, string>(),
  };
  const seen = new Set<string>();
  let markedEmpty = false;

  const visit = async (folder: string): Promise<void> => {
    const path = join(root, folder);
    try {
      const identity = await identityOf(path);
      if (identity !== '' && seen.has(identity)) return;
      seen.add(identity);
      const entries = await readdir(path, { withFileTypes: true });
      scan.folders.set(folder, identity);
      if (folder === '') markedEmpty = entries.some((entry) => entry.name === EMPTY_MARKER);
      const visible = entries.filter((entry) => !entry.name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const entry of visible) {
        const child = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) await visit(child);
        else if (entry.isSymbolicLink() || isManifestName(entry.name)) await look(child, entry.name);
      }
    } catch (error) {
      scan.unread.set(folder, messageOf(error));
    }
  };

  const look = async (child: string, name: string): Promise<void> => {
    try {
      const found = await stat(join(root, child), { bigint: true });
      if (found.isDirectory()) await visit(child);
      else if (isManifestName(name)) scan.files.set(child, signatureOf(found));
    } catch {
      // A broken link: reading it says why.
      if (isManifestName(name)) scan.files.set(child, '');
    }
  };

  await visit('');
  return { ...scan, markedEmpty };
}

/** Device and inode of a folder, `''` if it cannot be reached. */
export async function identityOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found === undefined ? '' : `${found.dev}:${found.ino}`;
}

export type FileRead =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string };

/** Reads one manifest. Every failure is a value. */
export async function readManifestFile(path: string): Promise<FileRead> {
  try {
    // Non-blocking: opening a named pipe would wait for its writer for ever.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (found.isDirectory()) return { kind: 'folder' };
    if (!found.isFile()) return refused('this is no regular file', 'replace it by a file');
    if (found.size > MAX_FILE_BYTES) return tooLarge(found.size);
    // It may have grown since.
    const bytes = (await readBelow(file, found.size + 1)) ?? (await readBelow(file, MAX_FILE_BYTES + 1));
    return bytes === undefined ? tooLarge((await file.stat()).size) : decode(bytes);
  } catch (error) {
    return readFailure(path, error);
  }
}

/** The whole content if it is shorter than `limit` bytes, else undefined. */
async function readBelow(file: FileHandle, limit: number): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(buffer, length, limit - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  return undefined;
}

function decode(bytes: Buffer): FileRead {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes('\0') ? refused('the file holds NUL bytes', 'save it as UTF-8 text') : { kind: 'text', text };
  } catch {
    return refused('the file is not UTF-8', 'save it as UTF-8 text');
  }
}

async function readFailure(path: string, error: unknown): Promise<FileRead> {
  const { code } = error as { code?: string };
  if (code !== 'ENOENT' && code !== 'ENOTDIR') {
    return refused(`cannot be read: ${messageOf(error)}`, 'make it readable; until then its former objects stay');
  }
  const link = await lstat(path).catch(() => undefined);
  return link?.isSymbolicLink() === true
    ? refused('this link points to nothing', 'correct or delete the link; until then its former objects stay')
    : { kind: 'gone' };
}

function tooLarge(size: number): FileRead {
  return refused(`the file has ${size} bytes, more than ${MAX_FILE_BYTES}`, 'split it into several files');
}

function refused(message: string, hint: string): FileRead {
  return { kind: 'refused', message, hint };
}

function signatureOf(found: {
  dev: bigint;
  ino: bigint;
  size: bigint;
  mtimeMs: bigint;
  ctimeNs: bigint;
  mtimeNs: bigint;
}): string {
  if (BigInt(Date.now()) - found.mtimeMs < YOUNG) return '';
  return `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}

function messageOf(error: unknown): string {
  // `ENOENT: no such file or directory, scandir '/path'`: the path is said elsewhere.
  return String((error as { message?: unknown }).message ?? error).replace(/, \w+ '.*$/s, '');
}
