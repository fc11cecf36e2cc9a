/** Edits of real files reach the sink; what is half-written, broken, huge or unreadable changes nothing that works. */
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DirectorySource } from './directory.ts';
import { MemorySink, manifest, until, validate } from './source.testing.ts';
import type { SourceProblem } from './source.ts';

let root = '';
let source: DirectorySource;
let sink: MemorySink;
let notes: SourceProblem[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'source-'));
  sink = new MemorySink();
  notes = [];
});

afterEach(async () => {
  await source.close();
  await rm(root, { recursive: true, force: true });
});

async function start(files: Readonly<Record<string, string>>, vanishDelay = 60): Promise<void> {
  for (const [name, text] of Object.entries(files)) await write(name, text);
  source = new DirectorySource(root, { validate, vanishDelay, onNote: (note) => notes.push(note) });
  await source.start(sink);
}

const write = (name: string, text: string) => writeFile(join(root, name), text);
const settled = (values: string) => until(() => sink.values === values);

test('the first batch is the whole state, with YAML, JSON and lists, without hidden and foreign files', async () => {
  await mkdir(join(root, 'sub/deep'), { recursive: true });
  await mkdir(join(root, '.git'));
  await start({
    'a.yaml': `${manifest('one')}---\n${manifest('two')}`,
    'b.json': JSON.stringify({
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'three' } }],
    }),
    'sub/deep/c.yml': manifest('four'),
    '.git/d.yaml': manifest('five'),
    'README.md': 'a: [',
    'empty.yaml': '',
    'comment.yaml': '# nothing\n---\n',
    'foreign.yaml': 'kind: Deployment\nmetadata: {name: d}\n',
  });
  expect(sink.batches).toHaveLength(1);
  expect(sink.values).toBe('four=a one=a three=undefined two=a');
  expect(sink.standing).toEqual([]);
  expect(notes).toMatchObject([{ file: 'foreign.yaml' }]);
});

describe('an edit is live', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['when a file is overwritten', () => write('a.yaml', manifest('one', 'b')), 'one=b'],
    ['when a file is added', () => write('b.yaml', manifest('two')), 'one=a two=a'],
    ['when a file is deleted', () => rm(join(root, 'a.yaml')), ''],
    ['when a file is emptied', () => write('a.yaml', ''), ''],
    ['when a file is renamed', () => rename(join(root, 'a.yaml'), join(root, 'z.yaml')), 'one=a'],
    [
      'when a file is replaced by renaming, as editors do',
      async () => {
        await write('.a.yaml.new', manifest('one', 'b'));
        await rename(join(root, '.a.yaml.new'), join(root, 'a.yaml'));
      },
      'one=b',
    ],
    [
      'when a file is moved away and written anew, as other editors do',
      async () => {
        await rename(join(root, 'a.yaml'), join(root, 'a.yaml~'));
        await write('a.yaml', manifest('one', 'b'));
      },
      'one=b',
    ],
    [
      'when a folder is added',
      async () => {
        await mkdir(join(root, 'new/deep'), { recursive: true });
        await write('new/deep/b.yaml', manifest('two'));
      },
      'one=a two=a',
    ],
  ])('%s', async (_, edit, values) => {
    await start({ 'a.yaml': manifest('one') });
    await edit();
    await settled(values);
    const removed = sink.batches.flat().filter((change) => change.kind === 'remove' && change.ref.kind === 'ConfigMap');
    expect(removed).toHaveLength(values === '' ? 1 : 0);
  });

  test('in a folder that came later, and not after the folder is gone', async () => {
    await start({});
    await mkdir(join(root, 'sub'));
    await write('sub/a.yaml', manifest('one'));
    await settled('one=a');
    await write('sub/a.yaml', manifest('one', 'b'));
    await settled('one=b');
    await rm(join(root, 'sub'), { recursive: true });
    await settled('');
  });

  test('for the last of 300 edits in a row, whatever is read in between', async () => {
    await start({ 'a.yaml': manifest('one') });
    for (let i = 0; i < 300; i++) await write('a.yaml', manifest('one', i));
    await settled('one=299');
    expect(sink.standing).toEqual([]);
  });
});

describe('a bad edit changes nothing that works', () => {
  const big = `# ${'x'.repeat(1024 * 1024)}\n`;
  test.each<[string, string, Partial<Record<keyof SourceProblem, unknown>>]>([
    ['broken YAML', `${manifest('one')}---\nkind: [\n`, { line: 8 }],
    ['half a file', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "on', { line: 4 }],
    [
      'an invalid object',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {}}\n',
      { line: 3, object: 'ConfigMap' },
    ],
    ['more than 1 MiB', big + manifest('one', 'b'), { line: 0, message: expect.stringContaining('bytes') }],
    ['no UTF-8', 'BINARY', { message: 'the file is not UTF-8' }],
    ['NUL bytes', `${manifest('one')}\0`, { message: 'the file holds NUL bytes' }],
    ['a bomb', `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]\n`, { line: 3 }],
  ])('%s', async (_, text, problem) => {
    await start({ 'a.yaml': manifest('one') }, 0);
    await writeFile(join(root, 'a.yaml'), text === 'BINARY' ? Buffer.from([0xff, 0xfe, 0x00]) : text);
    await until(() => sink.standing.length > 0);
    expect(sink.standing).toMatchObject([{ file: 'a.yaml', ...problem }]);
    expect(sink.values).toBe('one=a');
    await write('a.yaml', manifest('one', 'b'));
    await settled('one=b');
    expect(sink.standing).toEqual([]);
  });

  test('a link to nothing and a link to itself are told, folders that contain themselves are read once', async () => {
    await start({ 'a.yaml': manifest('one') });
    await mkdir(join(root, 'sub'));
    await symlink('..', join(root, 'sub/up'));
    await symlink('missing', join(root, 'b.yaml'));
    await symlink('c.yaml', join(root, 'c.yaml'));
    await until(() => sink.standing.length === 2);
    expect(sink.standing.map((problem) => problem.file)).toEqual(['b.yaml', 'c.yaml']);
    expect(sink.values).toBe('one=a');
  });

  test('a file that grows while it is read keeps its objects until it is whole', async () => {
    await start({ 'a.yaml': `${manifest('one')}---\n${manifest('two')}` });
    await write('a.yaml', '');
    await appendFile(join(root, 'a.yaml'), manifest('one', 'b'));
    await appendFile(join(root, 'a.yaml'), `---\n${manifest('two', 'b')}`);
    await settled('one=b two=b');
    expect(sink.batches.flat().some((change) => change.kind === 'remove')).toBe(false);
  });
});

test('an edit that no event told is found by the poll', async () => {
  await write('a.yaml', manifest('one'));
  source = new DirectorySource(root, { validate, poll: 20, settle: 1e9, maxSettle: 1e9 });
  await source.start(sink);
  await write('a.yaml', manifest('one', 'b'));
  await settled('one=b');
});
