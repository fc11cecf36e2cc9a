/** SIGTERM: what runs is finished, what is idle is told to go, and nothing new is promised. */
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startOrigin } from '../../examples/origins.ts';
import { openClient } from '../../pkg/testkit/client.ts';
import { type Feature, startFeature } from './feature.ts';
import { baseManifests, routeManifest } from './folder.ts';
import { until } from './until.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(...args: string[]): Promise<Feature> {
  const origin = await startOrigin('slow', 0);
  cleanups.push(() => origin.close());
  const rules = '[{ backendRefs: [{ name: slow, port: 8080 }] }]';
  const files = { 'base.yaml': baseManifests({ slow: origin.port }), 'route.yaml': routeManifest('slow', rules) };
  const feature = await startFeature(files, { args });
  cleanups.push(() => feature.stop());
  return feature;
}

const connections = (metrics: string): number => Number(/^suuupra_connections_open\S* (\d+)$/m.exec(metrics)?.[1]);

const exitOf = async ({ gateway }: Feature): Promise<number | null> => {
  if (gateway.process.exitCode === null) await once(gateway.process, 'exit');
  return gateway.process.exitCode;
};

describe('SIGTERM', () => {
  test('lets a request finish, closes what is idle, exits with 0', async () => {
    const feature = await start();
    const { gateway, ask } = feature;
    const idle = await openClient(gateway.port(80));
    const running = ask('http://a.example.com/?delay=600');
    await until(async () => connections(await gateway.page('/metrics')) === 2);
    gateway.process.kill('SIGTERM');
    const answer = await running;
    expect(answer.status).toBe(200);
    expect(answer.headers.connection).toBe('close');
    expect(await exitOf(feature)).toBe(0);
    await until(async () => idle.ended);
    idle.close();
  });

  test('is not ready during the delay, and still serves', async () => {
    const feature = await start('--drain-delay=1s');
    feature.gateway.process.kill('SIGTERM');
    await until(async () => (await fetch(`${feature.gateway.admin}/readyz`)).status === 503);
    expect((await feature.ask('http://a.example.com/')).status).toBe(200);
    expect(await exitOf(feature)).toBe(0);
  });

  test('a second one ends at once, with the code of the manual', async () => {
    const feature = await start('--drain-delay=60s');
    feature.gateway.process.kill('SIGTERM');
    await until(async () => (await fetch(`${feature.gateway.admin}/readyz`)).status === 503);
    feature.gateway.process.kill('SIGTERM');
    expect(await exitOf(feature)).toBe(143);
  });

  test('a request that outlasts the timeout is cut, and the exit code is still 0', async () => {
    const feature = await start('--drain-timeout=300ms');
    const running = feature.ask('http://a.example.com/?delay=60000').then(
      () => 'answered',
      () => 'cut',
    );
    await until(async () => connections(await feature.gateway.page('/metrics')) === 1);
    feature.gateway.process.kill('SIGTERM');
    expect(await exitOf(feature)).toBe(0);
    expect(await running).toBe('cut');
  });
});
