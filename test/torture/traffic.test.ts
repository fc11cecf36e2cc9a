/** The load and the ledger see what they are there for: with origins that lie, drop, double and stall, each in its own way. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Message } from '../../pkg/testkit/message.ts';
import { type Answer, createOrigin, type Origin } from '../../pkg/testkit/origin.ts';
import { readLedger } from './ledger.ts';
import { bodyOf, idOf } from './token.ts';
import { startTraffic, type Traffic, type TrafficOptions } from './traffic.ts';

const origins: Origin[] = [];
afterEach(async () => {
  for (const origin of origins.splice(0)) await origin.close();
});

async function originOf(answer: Answer): Promise<Origin> {
  const origin = await createOrigin(answer);
  origins.push(origin);
  return origin;
}

const idIn = ({ startLine }: Message): number => idOf(startLine.split(' ')[1] ?? '');

function answerTo(id: number, body: Uint8Array = bodyOf(id), status = '200 OK', ...fields: string[]): string {
  const head = [`HTTP/1.1 ${status}`, `X-Id: ${id}`, 'X-Origin: one', `Content-Length: ${body.length}`, ...fields];
  return `${head.join('\r\n')}\r\n\r\n${Buffer.from(body).toString('latin1')}`;
}

/** One client sends one request. */
async function sendOne(port: number, options: Partial<TrafficOptions> = {}): Promise<Traffic> {
  const traffic = startTraffic({ port, kept: 1, rate: 0, posts: 0, ...options });
  await traffic.stop();
  return traffic;
}

describe('the load', () => {
  test.each<[string, Answer, object]>([
    ['the answer of another request', () => answerTo(77), { kind: 'misrouted' }],
    ['its own with another body', (request) => answerTo(idIn(request), bodyOf(2)), { kind: 'damaged' }],
    [
      'its own with a status',
      (request) => answerTo(idIn(request), bodyOf(1), '404 Not Found'),
      { kind: 'status', status: 404 },
    ],
    [
      'more bytes than its length says',
      () => 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 21\r\n\r\n{"code":"no-endpoint"}',
      { kind: 'invalid' },
    ],
    [
      'an error of the gateway',
      () => 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 22\r\n\r\n{"code":"no-endpoint"}',
      { kind: 'error', status: 503, code: 'no-endpoint' },
    ],
    ['bytes that are no HTTP', () => 'hello\r\n\r\n', { kind: 'invalid' }],
    ['an end instead', (_, stream) => (stream.finish(), null), { kind: 'cut', received: 0 }],
    ['half of it', (_, stream) => (stream.send(answerTo(1).slice(0, -20)), stream.finish(), null), { kind: 'cut' }],
    ['nothing', () => null, { kind: 'patience', received: 0 }],
  ])('tells %s', async (_, answer, expected) => {
    const { port } = await originOf(answer);
    const traffic = await sendOne(port, { patience: 200 });
    expect(traffic.failures).toHaveLength(1);
    expect(traffic.failures[0]).toMatchObject(expected);
    expect(traffic.answered).toBe(0);
  });

  test.each([
    [['two', 'one'], []],
    [['two'], ['misrouted']],
  ])('takes answers from %j alone', async (from, kinds) => {
    const { port } = await originOf((request) => answerTo(idIn(request)));
    expect((await sendOne(port, { from })).failures.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('tells that nobody listens', async () => {
    const origin = await createOrigin();
    await origin.close();
    expect((await sendOne(origin.port)).failures[0]).toMatchObject({ kind: 'connect', reused: false });
  });

  test.each([
    ['keeps its connection', [], false, 1],
    ['opens another one after Connection: close', ['Connection: close'], false, 10],
    ['opens one for each request where that is its way', [], true, 10],
  ] as const)('%s', async (_, fields, fresh, connections) => {
    let traffic: Traffic | null = null;
    const origin = await originOf((request) => {
      if (idIn(request) >= 10) void traffic?.stop();
      return answerTo(idIn(request), bodyOf(idIn(request)), '200 OK', ...fields);
    });
    traffic = startTraffic({ port: origin.port, kept: fresh ? 0 : 1, fresh: fresh ? 1 : 0, rate: 0 });
    while (traffic.answered < 10) await new Promise<void>((resolve) => setImmediate(resolve));
    await traffic.stop();
    expect([traffic.failures, traffic.sent, origin.connections.length]).toEqual([[], 10, connections]);
  });

  test('sends every request whole: GET, POST with a length and chunked, small and large', async () => {
    let traffic: Traffic | null = null;
    const origin = await originOf((request) => {
      if (idIn(request) >= 130) void traffic?.stop();
      const post = request.startLine.startsWith('POST');
      return answerTo(idIn(request), post ? request.body : bodyOf(idIn(request)));
    });
    traffic = startTraffic({ port: origin.port, kept: 1, rate: 0, posts: 0.5 });
    while (traffic.answered < 130) await new Promise<void>((resolve) => setImmediate(resolve));
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
    const posts = origin.requests.filter(({ startLine }) => startLine.startsWith('POST'));
    expect(posts.map(idIn)).toEqual([...traffic.posts]);
    expect(posts.filter((request) => !request.body.equals(bodyOf(idIn(request))))).toEqual([]);
    expect(new Set(posts.map((request) => request.header('transfer-encoding')))).toEqual(
      new Set(['chunked', undefined]),
    );
    expect(traffic.served.get('one')?.count).toBe(130);
    expect(traffic.percentile(1)).toBeGreaterThanOrEqual(traffic.percentile(0.5)!);
  });
});

describe('the ledger', () => {
  const journal = (...ids: number[]) => ({ executed: async () => Uint32Array.from(ids) });

  test.each([
    ['all is as told', 0, [journal(1)], { doubled: [], repeated: 0, invented: 0, missed: [] }],
    ['a GET twice', 0, [journal(1), journal(1)], { doubled: [], repeated: 1, missed: [] }],
    ['a POST twice', 1, [journal(1, 1)], { doubled: [1], repeated: 0, missed: ['1 POST executed twice'] }],
    ['an answer from nowhere', 0, [journal()], { invented: 1, missed: ['1 answers that no origin gave'] }],
    ['ids of another load', 0, [journal(1, 2, 2, 10_000_001)], { doubled: [], repeated: 0, missed: [] }],
  ])('%s', async (_, posts, journals, expected) => {
    const { port } = await originOf((request) => answerTo(idIn(request)));
    expect(await readLedger(await sendOne(port, { posts }), journals)).toMatchObject(expected);
  });

  test('counts what came for another request', async () => {
    const { port } = await originOf(() => answerTo(77));
    const ledger = await readLedger(await sendOne(port), [journal(1)]);
    expect([ledger.misrouted, ledger.missed]).toEqual([1, ['1 answers of another request or damaged']]);
  });
});
