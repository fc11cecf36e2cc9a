/** A real process with few descriptors: new clients are refused and counted, those that stand are served at once, and it recovers. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import type { RawStream } from '../../pkg/testkit/stream.ts';
import { routeManifest } from '../features/folder.ts';
import { until } from '../features/until.ts';
import { SlowHost } from './slow-kinds.ts';
import { type SlowStage, startSlowStage } from './slow-stage.ts';

const Limit = 256;
const get = `GET / HTTP/1.1\r\nHost: ${SlowHost}\r\n\r\n`;
const getLate = get.replace('/', '/?delay=20');
const post = `POST / HTTP/1.1\r\nHost: ${SlowHost}\r\nContent-Length: 2\r\n\r\n`;

let stage: SlowStage;
let clients: RawStream[] = [];
afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await stage.close();
});

/** As few descriptors as `ulimit` says; two workers share them. */
const start = async (workers: number, limit = Limit): Promise<void> => {
  stage = await startSlowStage({ workers, through: ['sh', '-c', `ulimit -n ${limit}; exec "$0" "$@"`] });
};

async function connect(): Promise<RawStream> {
  const client = await openClient(stage.gateway.port(80));
  clients.push(client);
  return client;
}

/** @returns the status of the answer; `closed` if there is none */
async function outcome(client: RawStream, request = get): Promise<string> {
  if (!client.ended) client.send(request);
  return client.message().then(
    ({ startLine }) => startLine.split(' ')[1] ?? '',
    () => 'closed',
  );
}

/** Opens clients that are answered, until one is not. @returns those that stand */
async function fill(): Promise<RawStream[]> {
  const standing: RawStream[] = [];
  while (standing.length < Limit) {
    const client = await connect();
    if ((await outcome(client)) !== '200') return standing;
    standing.push(client);
  }
  return standing;
}

/** A worker tells a limit's name when it is hit for the first time: the metric follows a message later. */
async function hits(limit: string, moreThan: number): Promise<void> {
  await until(async () => (await stage.limitHits(limit)) > moreThan);
}

describe.each([0, 2])('with %d workers', (workers) => {
  test('clients are refused at nine tenths of the descriptors and counted, and a place is free again when one has gone', async () => {
    await start(workers);
    const standing = await fill();
    const used = await stage.descriptors();
    expect(used).toBeGreaterThanOrEqual(Limit * 0.85);
    expect(used).toBeLessThanOrEqual(Limit * 0.97);
    // Idle clients have one each, and the gateway itself a few dozen.
    expect(standing.length).toBeGreaterThan(Limit / 2);
    await hits('descriptors', 0);
    for (const client of standing) expect(await outcome(client)).toBe('200');
    for (const client of standing.slice(0, 20)) client.close();
    await until(async () => (await outcome(await connect())) === '200');
  }, 60_000);

  test('all clients that stand are served when all ask at once, though backends have no descriptor for each', async () => {
    await start(workers);
    const standing = await fill();
    // The origin takes its time, so that many requests are under way.
    for (let round = 0; round < 3; round++) {
      const outcomes = await Promise.all(standing.map((client) => outcome(client, getLate)));
      expect(outcomes.filter((each) => each !== '200')).toEqual([]);
    }
    await hits('backend-descriptors', 0);
    // A body that nobody may send twice waits for its connection like the rest.
    const posts = await Promise.all(standing.map((client) => outcome(client, `${post}ab`)));
    expect(posts.filter((each) => each !== '200')).toEqual([]);
  }, 60_000);

  test('clients that are refused and stay cost nobody a descriptor: it goes on answering, reads edits and tells its metrics', async () => {
    await start(workers);
    const standing = await fill();
    const refused = await Promise.all(Array.from({ length: Limit }, connect));
    const outcomes = await Promise.all(refused.map((client) => outcome(client)));
    // The gateway gives some of its own back meanwhile, such as idle connections to the backend.
    expect(outcomes.filter((each) => each === '200').length).toBeLessThan(Limit / 10);
    expect(await stage.descriptors()).toBeLessThanOrEqual(Limit * 0.97);
    await hits('descriptors', 100);
    const [client] = standing;
    await stage.folder.write(
      'more.yaml',
      routeManifest('more', '[{ backendRefs: [{ name: one, port: 8080 }] }]', 'b.example.com'),
    );
    await until(async () => (await outcome(client!, get.replace(SlowHost, 'b.example.com'))) === '200');
    expect(stage.gateway.stderr()).not.toContain('EMFILE');
  }, 60_000);
});
