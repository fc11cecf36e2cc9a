/** Every hostile request through the real gateway, on both transports and both lanes: its answer, its neighbours', and what reached the backend. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { requestCases } from './corpus.ts';
import { endServing } from './neighbours.ts';
import { runRequests } from './requests.ts';
import { logProblems, problemsOf, type Verdict } from './verdict.ts';
import { type Ended, laneNames, startWorld, transports, type World } from './world.ts';

test('the corpus is large, and each input has a name of its own', () => {
  expect(requestCases.length).toBeGreaterThanOrEqual(220);
  expect(new Set(requestCases.map(({ name }) => name)).size).toBe(requestCases.length);
});

describe.each(transports)('on the %s transport', (transport) => {
  let world: World;
  const verdicts: Verdict[] = [];
  let ended: Ended;
  beforeAll(async () => {
    world = await startWorld({ transport });
    for (const lane of laneNames) verdicts.push(...(await runRequests(world, lane, requestCases)));
    ended = await endServing(world);
  }, 60_000);
  afterAll(() => world.stop());

  test.each(requestCases.map(({ name }) => name))('%s', (name) => {
    const own = verdicts.filter(({ input }) => input === name);
    expect(own.length).toBeGreaterThanOrEqual(laneNames.length);
    expect(own.flatMap(problemsOf)).toEqual([]);
  });

  test('every byte to the backends is strict, and as many requests came there as the access log tells', () => {
    expect(ended.violations).toEqual([]);
    for (const lane of laneNames) expect(world.recorders[lane].requests.length).toBeGreaterThan(requestCases.length);
  });

  test('the access log has one line for each answer, under the address of its client', () => {
    expect(logProblems(verdicts, ended.log)).toEqual([]);
  });

  test('the gateway served on, ended in order, and had no fault', () => {
    expect([ended.exitCode, ended.faults]).toEqual([0, []]);
  });
});
