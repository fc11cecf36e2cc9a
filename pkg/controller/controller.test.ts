/** One loop: what changed is translated, applied once at a time, and told only after every worker serves it. */
import { describe, expect, test } from '@jest/globals';
import { irOf, service, settle, setUp } from './controller.testing.ts';
import type { LastKnownGood } from './last-known-good.ts';

async function started(names: readonly string[]) {
  const parts = setUp(names);
  await parts.controller.start();
  await settle();
  return parts;
}

describe('publication', () => {
  test('the first configuration makes it ready once it is acknowledged, and statuses follow', async () => {
    const { controller, dataPlane, statusSink } = await started(['a']);
    expect([dataPlane.history, statusSink.published, controller.state().version]).toEqual(['1:a', [], 0]);
    await dataPlane.ack();
    await controller.ready();
    expect(statusSink.published).toEqual([
      'Gateway/gw Accepted=True,Programmed=True; GatewayRoute/a Accepted=True,Programmed=True',
    ]);
    expect(controller.state()).toMatchObject({ version: 1, ir: irOf(['a']), degraded: false });
    await controller.close();
  });

  test('nothing is applied when the IR is the same, but statuses are told', async () => {
    const { controller, dataPlane, statusSink, change } = await started(['a']);
    await dataPlane.ack();
    await change(['not-in-the-ir']);
    expect(dataPlane.history).toBe('1:a');
    expect(statusSink.published.at(-1)).toContain('GatewayRoute/not-in-the-ir');
    await controller.close();
  });

  test('changes during a configuration in flight become one, the next', async () => {
    const { controller, dataPlane, change } = await started(['a']);
    await change(['b']);
    await change(['c']);
    await change([], ['a']);
    expect(dataPlane.history).toBe('1:a');
    await dataPlane.ack();
    expect(dataPlane.history).toBe('1:a 2:b,c');
    await dataPlane.ack();
    expect(controller.state().version).toBe(2);
    await controller.close();
  });

  test('a bug in translate keeps what is served, and the next good snapshot goes on', async () => {
    const { controller, dataPlane, lines, change } = await started(['a']);
    await dataPlane.ack();
    await change(['throw']);
    expect(controller.state()).toMatchObject({ version: 1, failures: { translate: 1, apply: 0 } });
    expect(lines.at(-1)).toContain('translation failed');
    await change(['b'], ['throw']);
    expect(dataPlane.history).toBe('1:a 2:a,b');
    await controller.close();
  });

  test('a configuration that the data plane refuses is offered again, even if it is the one served before', async () => {
    const { clock, controller, dataPlane, change } = await started(['a']);
    await dataPlane.ack();
    await change(['b']);
    dataPlane.pending.shift()?.reject(new Error('broken'));
    await settle();
    expect(controller.state()).toMatchObject({ version: 1, failures: { apply: 1 } });
    await change([], ['b']);
    expect(dataPlane.history).toBe('1:a 2:a,b 3:a');
    await dataPlane.ack();
    clock.advance(1_000);
    await settle();
    expect(controller.state().version).toBe(3);
    await controller.close();
  });
});

describe('sockets that could not be bound', () => {
  test('are translated again before any status is told', async () => {
    const { controller, dataPlane, statusSink } = await started(['a']);
    await dataPlane.ack({ 'tcp:80': 'EADDRINUSE' });
    expect(dataPlane.history).toBe('1:a');
    expect(statusSink.published).toEqual([expect.stringContaining('Gateway/gw Accepted=True,Programmed=True tcp:80')]);
    await controller.close();
  });

  test('end in statuses even if every Ack says something else', async () => {
    let run = 0;
    const translate = () => ({ ir: irOf([`run${run++}`]), statuses: [] });
    const { controller, dataPlane, statusSink } = setUp(['a'], { translate });
    await controller.start();
    for (let i = 0; i < 10; i++) {
      await settle();
      await dataPlane.ack({ [`tcp:${i}`]: 'EADDRINUSE' });
    }
    expect(statusSink.published.length).toBeGreaterThan(0);
    expect(dataPlane.applied.length).toBeLessThan(6);
    await controller.close();
  });
});

test('an overdue Ack holds back Gateways and Programmed for as long as it takes, Accepted of routes for 5 s', async () => {
  const { clock, controller, dataPlane, statusSink } = await started(['a']);
  clock.advance(4_999);
  expect(statusSink.published).toEqual([]);
  clock.advance(1);
  expect(statusSink.published).toEqual([expect.stringMatching(/^GatewayRoute\/a Accepted=True,Programmed=Unknown/)]);
  await dataPlane.ack();
  expect(statusSink.published.at(-1)).toContain('Gateway/gw Accepted=True,Programmed=True');
  await controller.close();
});

describe('the last known good', () => {
  function remembered() {
    const saved: number[] = [];
    const lastKnownGood: LastKnownGood = {
      load: async () => ({ version: 7, ir: irOf(['old']) }),
      save: (version) => void saved.push(version),
      close: async () => {},
    };
    const { promise: there, resolve: deliver } = Promise.withResolvers<void>();
    return { ...setUp(['new'], { lastKnownGood }, there), saved, deliver };
  }

  test('is served and said to be degraded until the source delivers; versions go on', async () => {
    const { controller, dataPlane, deliver, saved } = remembered();
    const start = controller.start();
    await settle();
    expect(dataPlane.history).toBe('7:old');
    await dataPlane.ack();
    await controller.ready();
    expect(controller.state()).toMatchObject({ version: 7, degraded: true });
    deliver();
    await start;
    await settle();
    expect(dataPlane.history).toBe('7:old 8:new');
    await dataPlane.ack();
    expect(controller.state()).toMatchObject({ version: 8, degraded: false });
    expect(saved).toEqual([8]);
    await controller.close();
  });

  test('close does not wait for a source that never delivers', async () => {
    const { controller, dataPlane, deliver } = remembered();
    const start = controller.start();
    await settle();
    await dataPlane.ack();
    await controller.close();
    deliver();
    await start;
    expect(dataPlane.history).toBe('7:old');
  });
});

describe('what the source has read', () => {
  const progress = (version: string) => ({ seen: { Service: version }, latest: { Service: version } });

  test('is served once every worker acknowledged what came of it', async () => {
    const told: string[] = [];
    const onServed = (versions: Readonly<Record<string, string>>) => void told.push(versions['Service'] ?? '');
    const { controller, source, dataPlane, clock } = setUp([], { onServed });
    const start = controller.start();
    await settle();
    await dataPlane.ack();
    await start;
    source.change([], progress('10'));
    expect(told).toEqual(['10']);

    source.change([{ kind: 'upsert', object: service('a') }], progress('11'));
    expect(told).toEqual(['10']);
    clock.advance(10);
    await settle();
    // While it is under way: nothing of it is served yet, and what comes now may be more than what is.
    source.change([{ kind: 'upsert', object: service('b') }], progress('12'));
    source.change([], progress('13'));
    await dataPlane.ack();
    expect(told).toEqual(['10', '11']);
    clock.advance(10);
    await settle();
    await dataPlane.ack();
    expect(told).toEqual(['10', '11', '13']);
    await controller.close();
  });

  test('is not served by a configuration that translation could not make', async () => {
    const told: unknown[] = [];
    const { controller, source, dataPlane, clock } = setUp([], { onServed: (versions) => void told.push(versions) });
    const start = controller.start();
    await settle();
    await dataPlane.ack();
    await start;
    source.change([{ kind: 'upsert', object: service('throw') }], progress('11'));
    clock.advance(10);
    await settle();
    source.change([], progress('12'));
    expect(told).toEqual([]);
    await controller.close();
  });
});
