/** The database of countries: read whole, kept while its file is broken, replaced when it changes. */
import { Buffer } from 'node:buffer';
import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openCountries } from '../../policy/countries.ts';
import type { GeoipValue } from '../../policy/feeds.ts';
import { FakeClock } from '../../store/clock.testing.ts';
import { createMmdb } from '../../testkit/mmdb.ts';
import { until } from '../../testkit/until.ts';
import type { RunningFeed } from '../feed.ts';
import { startGeoip } from './geoip.ts';

let directory = '';
let running: RunningFeed | null = null;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'geoip-'));
});
afterEach(() => {
  running?.close();
  rmSync(directory, { recursive: true });
});

const database = (code: string): Buffer => createMmdb({ '192.0.2.0/24': { country: { iso_code: code } } });

function start(file: string | null, last?: GeoipValue) {
  const clock = new FakeClock();
  const values: GeoipValue[] = [];
  const logged: string[] = [];
  const log = {
    info: (_: object, message: string) => void logged.push(`info ${message}`),
    warn: (_: object, message: string) => void logged.push(`warn ${message}`),
  };
  const call = () => Promise.reject(new Error('nobody is asked'));
  const publish = (value: GeoipValue): void => void values.push(value);
  const feed = startGeoip({ config: {}, last, publish, call }, { file, clock, log });
  running = feed;
  return { clock, values, logged, feed, early: values.length };
}

/** The country of 192.0.2.1. */
function country(value: GeoipValue | undefined): string | null {
  return value?.database === null || value === undefined ? null : openCountries(value.database).of('192.0.2.1');
}

function write(name: string, bytes: Uint8Array, seconds: number): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  utimesSync(path, seconds, seconds);
  return path;
}

test('a file is read, and again when it changes', async () => {
  const file = write('a.mmdb', database('DE'), 1);
  const { clock, values, early, logged } = start(file);
  expect(early).toBe(0);
  await until(() => values.length === 1);
  expect([country(values[0]), values[0]?.failure]).toEqual(['DE', '']);
  expect(values[0]?.database).toBeInstanceOf(SharedArrayBuffer);
  write('a.mmdb', database('FR'), 2);
  await until(() => (clock.advance(5_000), values.length === 2));
  expect(country(values[1])).toBe('FR');
  expect(logged).toEqual(Array(2).fill('info the database of countries was read'));
});

test('one that did not change is not read again', async () => {
  const { clock, values, feed } = start(write('a.mmdb', database('DE'), 1));
  await until(() => values.length === 1);
  for (let i = 0; i < 5; i++) {
    clock.advance(5_000);
    expect(await feed.refresh()).toBe(true);
  }
  expect(values).toHaveLength(1);
});

test('a link that is turned, as volumes of Kubernetes do it, is a change', async () => {
  write('one.mmdb', database('DE'), 1);
  write('two.mmdb', database('AT'), 1);
  const link = join(directory, 'link');
  symlinkSync('one.mmdb', link);
  const { values, feed } = start(link);
  await until(() => values.length === 1);
  symlinkSync('two.mmdb', `${link}-next`);
  renameSync(`${link}-next`, link);
  expect(await feed.refresh()).toBe(true);
  expect(values.map(country)).toEqual(['DE', 'AT']);
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['no database', Buffer.from('<html>')],
  ['cut off', database('DE').subarray(0, 400)],
  ['its end alone', database('DE').subarray(-250)],
])('one that is %s leaves the last good one, and says so once', async (_, bytes) => {
  const file = write('a.mmdb', database('DE'), 1);
  const { values, feed, logged } = start(file);
  await until(() => values.length === 1);
  write('a.mmdb', bytes, 2);
  expect([await feed.refresh(), await feed.refresh()]).toEqual([false, false]);
  expect(values.map(country)).toEqual(['DE', 'DE']);
  expect(values[1]?.failure).not.toBe('');
  expect(logged.slice(1)).toEqual([expect.stringContaining('the last good one stays in force')]);
  write('a.mmdb', database('FR'), 3);
  expect(await feed.refresh()).toBe(true);
  expect([country(values[2]), values[2]?.failure]).toEqual(['FR', '']);
});

test('a file that is not there is waited for', async () => {
  const { values, feed, logged } = start(join(directory, 'a.mmdb'));
  await until(() => values.length === 1);
  expect(values[0]).toEqual({ database: null, failure: expect.stringContaining('ENOENT') });
  expect(logged).toEqual([expect.stringContaining('answer 503')]);
  write('a.mmdb', database('DE'), 1);
  expect(await feed.refresh()).toBe(true);
  expect(country(values[1])).toBe('DE');
});

test('without the flag there is none, and what to do is said', async () => {
  const { values } = start(null);
  await until(() => values.length === 1);
  expect(values).toEqual([{ database: null, failure: '--geoip-database is not set' }]);
});

test('a thread that starts anew has what the workers still hold', async () => {
  const shared = new SharedArrayBuffer(8);
  const { values } = start(join(directory, 'gone'), { database: shared, failure: '' });
  await until(() => values.length === 1);
  expect(values[0]?.database).toBe(shared);
});

test('nothing is published after the end', async () => {
  const { values, feed, clock } = start(write('a.mmdb', database('DE'), 1));
  feed.close();
  await feed.refresh();
  clock.advance(60_000);
  expect(values).toEqual([]);
});
