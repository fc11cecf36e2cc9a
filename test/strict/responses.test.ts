/** Every hostile answer of a backend through the real gateway, on both transports and both lanes: what its client sees, and that nobody else sees any of it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { responseCases } from './corpus.ts';
import { endServing } from './neighbours.ts';
import { runResponses, scriptOf } from './responses.ts';
import { logProblems, problemsOf, type Verdict } from './verdict.ts';
import { type Ended, laneNames, startWorld, transports, type World } from './world.ts';

test('the corpus is large, and each input has a name of its own', () => {
  expect(responseCases.length).toBeGreaterThanOrEqual(200);
  expect(new Set(responseCases.map(({ name }) => name)).size).toBe(responseCases.length);
});

describe.each(transports)('on the %s transport', (transport) => {
  let world: World;
  let ended: Ended;
  const verdicts: Verdict[] = [];
  beforeAll(async () => {
    world = await startWorld({ transport, script: scriptOf(responseCases) });
    for (const lane of laneNames) verdicts.push(...(await runResponses(world, lane, responseCases)));
    ended = await endServing(world);
  }, 60_000);
  afterAll(() => world.stop());

  test.each(responseCases.map(({ name }) => name))('%s', (name) => {
    const own = verdicts.filter(({ input }) => input === name);
    expect(own.length).toBeGreaterThanOrEqual(laneNames.length);
    expect(own.flatMap(problemsOf)).toEqual([]);
  });

  test('no connection to a backend is used after an answer that cannot be trusted, and every byte there is strict', () => {
    expect(ended.violations).toEqual([]);
  });

  test('the access log has one line for each answer, under the address of its client', () => {
    expect(logProblems(verdicts, ended.log)).toEqual([]);
  });

  test('the gateway served on, ended in order, and had no fault', () => {
    expect([ended.exitCode, ended.faults]).toEqual([0, []]);
  });
});
