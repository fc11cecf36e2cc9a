/** No input makes the gateway send or hold more than ten times what it costs its sender. What CPU time it takes is told by `node test/strict/main.ts amplification`. */
import { afterEach, expect, test } from '@jest/globals';
import {
  type Amplification,
  heldRatio,
  Most,
  measureRequests,
  measureResponses,
  pausedScript,
  sentRatio,
} from './amplification.ts';
import { requestCases, responseCases } from './corpus.ts';
import { type Inspector, inspect, inspected } from './inspector.ts';
import { startWorld, type World } from './world.ts';

let world: World | null = null;
let inspector: Inspector | null = null;
afterEach(async () => {
  inspector?.close();
  await world?.stop();
});

async function start(): Promise<{ readonly world: World; readonly inspector: Inspector }> {
  const started = await startWorld({ transport: 'handle', through: inspected, script: pausedScript(responseCases) });
  world = started;
  inspector = await inspect(started.feature.gateway);
  return { world: started, inspector };
}

function tooMuch(results: readonly Amplification[]): Amplification[] {
  return results.filter((each) => sentRatio(each) > Most || heldRatio(each) > Most);
}

test('no request', async () => {
  const results = await measureRequests(
    { ...(await start()), lane: 'fast', connections: 8, exact: false },
    requestCases,
  );
  expect(results).toHaveLength(requestCases.length);
  expect(tooMuch(results)).toEqual([]);
}, 120_000);

test('no response', async () => {
  const results = await measureResponses(
    { ...(await start()), lane: 'fast', connections: 8, exact: false },
    responseCases,
  );
  expect(results).toHaveLength(responseCases.length);
  expect(tooMuch(results)).toEqual([]);
}, 120_000);

test('the measure sees what is held, and what is sent on', async () => {
  const bytes = `GET / HTTP/1.1\r\nHost: a.example\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`;
  const where = { ...(await start()), lane: 'fast', connections: 20, exact: true } as const;
  const [seen] = await measureRequests(where, [{ name: 'a large field', bytes, expect: { body: '', rest: '' } }]);
  expect(seen?.held).toBeGreaterThan(30_000);
  expect(seen?.sent).toBeGreaterThan(40_000);
}, 30_000);

test.each([
  ['ten times as much', { received: 20_000, sent: 201_024, held: 200_000 }, []],
  ['more sent', { received: 20_000, sent: 201_025, held: 0 }, ['sent']],
  ['more held', { received: 20_000, sent: 0, held: 200_001 }, ['held']],
  ['a short input that makes it hold 100 KiB', { received: 10, sent: 0, held: 102_401 }, ['held']],
])('the bar: %s', (input, figures, missed) => {
  const each = { input, ...figures };
  expect([...(sentRatio(each) > Most ? ['sent'] : []), ...(heldRatio(each) > Most ? ['held'] : [])]).toEqual(missed);
});
