/** Mounted ConfigMaps, git-sync and volumes: swapped by a link, gone for a while, empty by mistake or on purpose. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type DirectoryOptions, DirectorySource } from './directory.ts';
import { MemorySink, manifest, until, validate } from './source.testing.ts';

let top = '';
let root = '';
let source: DirectorySource;
let sink: MemorySink;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'mount-'));
  root = join(top, 'manifests');
  sink = new MemorySink();
});

afterEach(async () => {
  await source.close();
  await rm(top, { recursive: true, force: true });
});

function open(options: Partial<DirectoryOptions> = {}): Promise<void> {
  source = new DirectorySource(root, { validate, ...options });
  return source.start(sink);
}

const settled = (values: string) => until(() => sink.values === values);
const trouble = (text: string) => until(() => sink.standing.some((problem) => problem.message.includes(text)));

/** As the kubelet writes a ConfigMap: files in a dated folder, `..data` a link to it, every key a link through `..data`. */
async function project(date: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(root, date), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, date, name), text);
  await symlink(date, join(root, '..data_tmp'));
  await rename(join(root, '..data_tmp'), join(root, '..data'));
}

test('a ConfigMap swap replaces all files at once, and none is read twice', async () => {
  await project('..2026_11_25_1', { 'a.yaml': manifest('one'), 'b.yaml': manifest('two') });
  await symlink('..data/a.yaml', join(root, 'a.yaml'));
  await symlink('..data/b.yaml', join(root, 'b.yaml'));
  await open();
  expect(sink.values).toBe('one=a two=a');
  await project('..2026_11_25_2', { 'a.yaml': manifest('one', 'b'), 'b.yaml': manifest('two', 'b') });
  await rm(join(root, '..2026_11_25_1'), { recursive: true });
  await settled('one=b two=b');
  await project('..2026_11_25_3', { 'a.yaml': manifest('one', 'c'), 'b.yaml': manifest('two', 'c') });
  await settled('one=c two=c');
  expect(sink.standing).toEqual([]);
});

test('a link that turns to another folder, as git-sync does, is followed', async () => {
  await mkdir(join(top, 'v1'));
  await mkdir(join(top, 'v2'));
  await writeFile(join(top, 'v1/a.yaml'), manifest('one'));
  await writeFile(join(top, 'v2/a.yaml'), manifest('one', 'b'));
  await symlink('v1', root);
  await open();
  await symlink('v2', join(top, 'next'));
  await rename(join(top, 'next'), root);
  await settled('one=b');
  await writeFile(join(top, 'v2/a.yaml'), manifest('one', 'c'));
  await settled('one=c');
});

describe('a directory that vanished', () => {
  beforeEach(async () => {
    await mkdir(root);
    await writeFile(join(root, 'a.yaml'), manifest('one'));
    await open({ vanishDelay: 0 });
  });

  test('serves its last state, says so, and is read again when it is back', async () => {
    await rename(root, join(top, 'away'));
    await trouble('cannot be listed');
    expect(sink.values).toBe('one=a');
    await writeFile(join(top, 'away/a.yaml'), manifest('one', 'b'));
    await rename(join(top, 'away'), root);
    await settled('one=b');
    await until(() => sink.standing.length === 0);
  });

  test('and comes back as another, empty one, as when a mount failed, serves its last state until there is a manifest', async () => {
    await rename(root, join(top, 'away'));
    await mkdir(root);
    await trouble('replaced by an empty one');
    expect(sink.values).toBe('one=a');
    await writeFile(join(root, 'b.yaml'), manifest('two'));
    await settled('two=a');
    await until(() => sink.standing.length === 0);
  });

  test('and comes back empty with .suuupra-empty in it is empty', async () => {
    await rename(root, join(top, 'away'));
    await mkdir(root);
    await trouble('replaced by an empty one');
    await writeFile(join(root, '.suuupra-empty'), '');
    await settled('');
    await until(() => sink.standing.length === 0);
  });
});

test('a directory whose manifests the user deletes is empty', async () => {
  await mkdir(root);
  await writeFile(join(root, 'a.yaml'), manifest('one'));
  await writeFile(join(root, 'b.yaml'), manifest('two'));
  await open();
  await rm(join(root, 'a.yaml'));
  await rm(join(root, 'b.yaml'));
  await settled('');
  expect(sink.standing).toEqual([]);
});

test('a directory that is not there yet is waited for', async () => {
  const started = open();
  await trouble('nothing is read yet');
  await mkdir(root);
  await writeFile(join(root, 'a.yaml'), manifest('one'));
  await started;
  await settled('one=a');
});

test('an empty directory at start is a failed mount where a former run served objects', async () => {
  await mkdir(root);
  const started = open({ expectObjects: () => true });
  await trouble('replaced by an empty one');
  await writeFile(join(root, 'a.yaml'), manifest('one'));
  await started;
  expect(sink.values).toBe('one=a');
});
