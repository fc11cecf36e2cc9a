/** Slow clients of every kind are closed at their timeouts, and nobody else notices. The thousand of each, and the figures: `slow-main.ts`. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runSlowClients } from './slow-clients.ts';
import { type SlowKind, slowKinds } from './slow-kinds.ts';
import { type SlowStage, startSlowStage } from './slow-stage.ts';
import { shortTimeouts } from './slow-timeouts.ts';
import { startTraffic, type Traffic } from './slow-traffic.ts';

const Count = 100;

let stage: SlowStage;
let traffic: Traffic;
beforeAll(async () => {
  stage = await startSlowStage({ workers: 1, timeouts: shortTimeouts });
  traffic = startTraffic(stage.gateway.port(80));
});
afterAll(async () => {
  await traffic.stop();
  await stage.close();
});

test.each(Object.entries(slowKinds).map(([kind, { what }]) => [kind as SlowKind, what] as const))(
  '%s (%s) are all closed, and no legitimate request fails',
  async (kind) => {
    const outcome = await runSlowClients(stage, kind, Count, traffic);
    const { answered, failures } = await traffic.report();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    // Only somebody with root and a network namespace can vanish.
    expect(outcome !== null || kind === 'vanished').toBe(true);
    expect(outcome?.closed).toBe(outcome?.opened);
  },
  60_000,
);
