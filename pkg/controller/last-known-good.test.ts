/** The file of the last known good: private, whole at any moment, and refused when it is not what we wrote. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import type { Log } from '../telemetry/log.ts';
import { irOf } from './controller.testing.ts';
import { createLastKnownGood } from './last-known-good.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lkg-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open({ keys = true, file = join(folder, 'last.json') } = {}) {
  const lines: string[] = [];
  const note = (_: object, message: string) => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note, fatal: note };
  const clock = new FakeClock();
  return { lastKnownGood: createLastKnownGood({ file, keys, log, clock }), clock, lines, file };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}

test('what was saved last is loaded, from a file that only its owner reads', async () => {
  const { lastKnownGood, file } = open();
  lastKnownGood.save(3, irOf(['a']));
  lastKnownGood.save(4, irOf(['b']));
  await lastKnownGood.close();
  expect(await open().lastKnownGood.load()).toEqual({ version: 4, ir: irOf(['b']) });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['last.json']);
});

test('many saves are one write, after a quiet moment', async () => {
  const { lastKnownGood, clock, file } = open();
  for (let version = 1; version < 50; version++) lastKnownGood.save(version, irOf(['a']));
  expect(await readdir(folder)).toEqual([]);
  clock.advance(500);
  await lastKnownGood.close();
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ format: 1, version: 49 });
});

test('keys are left out where they must not be stored', async () => {
  const { lastKnownGood, file } = open({ keys: false });
  lastKnownGood.save(1, irOf(['a']));
  await lastKnownGood.close();
  expect(await readFile(file, 'utf8')).not.toContain('private');
  expect((await lastKnownGood.load())?.ir.certificates).toEqual({});
});

describe('a file that cannot be used is ignored and told', () => {
  test.each([
    ['half a file', '{"format":1,"version":1,"ir":{"sock'],
    ['another format', '{"format":2,"version":1,"ir":{}}'],
    ['a missing section', '{"format":1,"version":1,"ir":{"settings":{}}}'],
    ['no object', 'null'],
  ])('%s', async (_, text) => {
    const { lastKnownGood, lines, file } = open();
    await writeFile(file, text);
    expect(await lastKnownGood.load()).toBeUndefined();
    expect(lines).toHaveLength(1);
  });
});

test('what could not be written is tried again, told once, and told when it is over', async () => {
  const target = join(folder, 'later/last.json');
  const { lastKnownGood, clock, lines } = open({ file: target });
  lastKnownGood.save(1, irOf(['a']));
  clock.advance(500);
  await until(() => lines.length > 0);
  for (let i = 0; i < 3; i++) {
    await until(() => clock.waiting > 0);
    clock.advance(5_000);
  }
  await until(() => clock.waiting > 0);
  expect(lines).toEqual(['the last known good could not be saved']);
  await mkdir(join(folder, 'later'));
  clock.advance(5_000);
  await until(() => lines.length > 1);
  expect(lines[1]).toBe('the last known good is saved again');
  expect(await readdir(join(folder, 'later'))).toEqual(['last.json']);
  expect((await lastKnownGood.load())?.version).toBe(1);
  await lastKnownGood.close();
});

test('no file is no trouble, and a folder that is not there costs one line', async () => {
  const { lastKnownGood, lines } = open({ file: join(folder, 'none/last.json') });
  expect(await lastKnownGood.load()).toBeUndefined();
  expect(lines).toEqual([]);
  lastKnownGood.save(1, irOf([]));
  await lastKnownGood.close();
  expect(lines).toEqual(['the last known good could not be saved']);
});
