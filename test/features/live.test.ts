/** Edits of the directory are live: added, changed and deleted objects, broken ones beside those that work. */
import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho, readEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { baseManifests, endpointSlice, routeManifest, service } from './folder.ts';
import { until } from './until.ts';

const toOne = '[{ backendRefs: [{ name: one, port: 8080 }] }]';
let one: Origin;
let two: Origin;
let feature: Feature;
beforeAll(async () => {
  [one, two] = await Promise.all([createEcho('one'), createEcho('two')]);
  feature = await startFeature({
    'base.yaml': baseManifests({ one: one.port, two: two.port }),
    'kept.yaml': routeManifest('kept', toOne, 'kept.example.com'),
  });
});
afterAll(async () => {
  await feature.stop();
  await Promise.all([one.close(), two.close()]);
});

const originOf = async (url: string) => readEcho((await feature.ask(url)).body).origin;

describe('an edit is live', () => {
  test('a route that is added serves, one that is changed serves anew, one that is deleted is gone', async () => {
    const { folder, becomes } = feature;
    expect((await feature.ask('http://new.example.com/')).status).toBe(404);
    await folder.write('new.yaml', routeManifest('new', toOne, 'new.example.com'));
    const first = await becomes('http://new.example.com/', 200);
    expect(readEcho(first.body).origin).toBe('one');
    await folder.write('new.yaml', routeManifest('new', toOne.replace('one', 'two'), 'new.example.com'));
    await until(async () => (await originOf('http://new.example.com/')) === 'two');
    await folder.remove('new.yaml');
    await becomes('http://new.example.com/', 404);
    expect(await feature.condition('HTTPRoute', 'new', 'Accepted')).toBeNull();
  });

  test('a file in a new subdirectory counts, and so does one that is moved into place', async () => {
    const { folder, becomes } = feature;
    await folder.write('sub/deep/route.yaml', routeManifest('deep', toOne, 'deep.example.com'));
    await becomes('http://deep.example.com/', 200);
    await folder.remove('sub');
    expect((await becomes('http://deep.example.com/', 404)).body).toContain('no-route');
  });

  test('a Service that comes later is resolved, one that is deleted is 500', async () => {
    const { folder, becomes } = feature;
    const rule = '[{ backendRefs: [{ name: late, port: 8080 }] }]';
    await folder.write('late-route.yaml', routeManifest('late', rule, 'late.example.com'));
    await becomes('http://late.example.com/', 500);
    expect(await feature.condition('HTTPRoute', 'late', 'ResolvedRefs')).toBe('False BackendNotFound');
    await folder.write('late-service.yaml', service('late'));
    await becomes('http://late.example.com/', 503);
    await folder.write('late-slice.yaml', endpointSlice('late', [one.port]));
    await becomes('http://late.example.com/', 200);
    expect(await feature.condition('HTTPRoute', 'late', 'ResolvedRefs')).toBe('True ResolvedRefs');
    await folder.remove('late-service.yaml');
    await becomes('http://late.example.com/', 500);
    await Promise.all(['late-route.yaml', 'late-slice.yaml'].map((name) => folder.remove(name)));
  });

  test('an EndpointSlice moves traffic, and its last endpoint leaving is 503', async () => {
    const { folder, becomes } = feature;
    const rule = '[{ backendRefs: [{ name: moving, port: 8080 }] }]';
    await folder.write(
      'moving.yaml',
      `${routeManifest('moving', rule, 'moving.example.com')}---\n${service('moving')}`,
    );
    await folder.write('moving-slice.yaml', endpointSlice('moving', [one.port]));
    await becomes('http://moving.example.com/', 200);
    await folder.write('moving-slice.yaml', endpointSlice('moving', [two.port]));
    await until(async () => (await originOf('http://moving.example.com/')) === 'two');
    await folder.remove('moving-slice.yaml');
    expect((await becomes('http://moving.example.com/', 503)).body).toContain('no-endpoint');
    await folder.remove('moving.yaml');
  });
});

describe('a broken edit keeps what works', () => {
  const object = routeManifest('broken', toOne, 'broken.example.com');

  test.each([
    [
      'an unknown field',
      object.replace('rules:', 'ruels: 1\n  rules:'),
      /broken\.yaml:7 HTTPRoute\S*broken spec\.ruels: unknown field .*did you mean rules/,
    ],
    [
      'a wrong type',
      object.replace('[broken.example.com]', 'broken.example.com'),
      /broken\.yaml:6 HTTPRoute\S*broken spec\.hostnames: .*list/,
    ],
    ['no YAML', `${object}  - {`, /broken\.yaml:8: not valid YAML/],
    [
      'an unknown kind',
      object.replace('kind: HTTPRoute', 'kind: HttpRoute'),
      /broken\.yaml:2 .*did you mean HTTPRoute/,
    ],
  ])('%s', async (_, text, line) => {
    const { folder, gateway, becomes } = feature;
    await folder.write('broken.yaml', object);
    await becomes('http://broken.example.com/', 200);
    const before = gateway.stderr().length;
    await folder.write('broken.yaml', text);
    const told = await until(async () => linesSince(before).find((each) => line.test(each)));
    expect(linesSince(before).filter((each) => each === told)).toHaveLength(1);
    expect((await feature.ask('http://broken.example.com/')).status).toBe(200);
    expect((await feature.ask('http://kept.example.com/')).status).toBe(200);
    await folder.write('broken.yaml', object);
    await until(async () => linesSince(before).includes(`resolved: ${told}`));
    await folder.remove('broken.yaml');
    await becomes('http://broken.example.com/', 404);
  });

  test('one bad rule is out of order alone', async () => {
    const { folder, gateway, becomes } = feature;
    const before = gateway.stderr().length;
    const rules = `[
    { matches: [{ path: { value: /good } }], backendRefs: [{ name: one, port: 8080 }] },
    { matches: [{ path: { value: /bad } }], backendRefs: [{ name: missing, port: 8080 }] }]`;
    await folder.write('half.yaml', routeManifest('half', rules, 'half.example.com'));
    await becomes('http://half.example.com/good', 200);
    expect((await feature.ask('http://half.example.com/bad')).status).toBe(500);
    const line = await until(async () => linesSince(before).find((each) => each.includes('missing')));
    expect(line).toMatch(/^half\.yaml:9 HTTPRoute\/default\/half spec\.rules\[1\]\.backendRefs\[0\]: .*create it/);
    await folder.remove('half.yaml');
  });

  test('a duplicate changes nothing, and says where the first one is', async () => {
    const { folder, gateway, becomes } = feature;
    const before = gateway.stderr().length;
    await folder.write('later.yaml', routeManifest('kept', toOne.replace('one', 'two'), 'kept.example.com'));
    const line = await until(async () => linesSince(before).find((each) => each.includes('later.yaml')));
    expect(line).toContain('kept.yaml');
    await becomes('http://kept.example.com/', 200);
    expect(await originOf('http://kept.example.com/')).toBe('one');
    await folder.remove('later.yaml');
  });
});

test('a directory that vanishes leaves everything as it is, and what it holds when it is back counts', async () => {
  const { folder, gateway, becomes } = feature;
  const before = gateway.stderr().length;
  await rename(folder.path, `${folder.path}.away`);
  await until(async () => linesSince(before).some((line) => line.startsWith('the directory cannot be listed')));
  expect((await feature.ask('http://kept.example.com/')).status).toBe(200);
  await rename(`${folder.path}.away`, folder.path);
  await folder.write('back.yaml', routeManifest('back', toOne, 'back.example.com'));
  await becomes('http://back.example.com/', 200);
});

/** Messages of the process log since it had `length` characters. */
function linesSince(length: number): string[] {
  const lines = feature.gateway.stderr().slice(length).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => (JSON.parse(line) as { message: string }).message);
}
