/** A thousand edits under load lose no request, and the last one is what is served. */

import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startOrigin } from '../../examples/origins.ts';
import { startGateway } from '../../pkg/testkit/gateway.ts';
import { send } from '../examples/request.ts';
import { baseManifests, createFolder, routeManifest } from './folder.ts';
import { startLoad } from './load.ts';

const Edits = 1_000;

/** Each edit changes another thing: filters, backends, more rules, endpoints by turns. */
function edit(i: number): string {
  const filter = `filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-edit, value: "${i}" }] } }]`;
  const weights = `backendRefs: [{ name: one, port: 8080, weight: ${1 + (i % 5)} }, { name: two, port: 8080, weight: ${1 + (i % 3)} }]`;
  const extra = Array.from(
    { length: i % 4 },
    (_, k) => `{ matches: [{ path: { value: /extra-${k} } }], backendRefs: [{ name: one, port: 8080 }] }`,
  );
  return routeManifest('storm', `[${[`{ ${filter}, ${weights} }`, ...extra].join(', ')}]`);
}

test('an edit storm loses nothing', async () => {
  const origins = await Promise.all([startOrigin('one', 0), startOrigin('two', 0)]);
  const base = baseManifests({ one: origins[0].port, two: origins[1].port });
  await using folder = await createFolder({ 'base.yaml': base, 'route.yaml': edit(0) });
  const gateway = await startGateway(folder.path, { workers: 2 });
  const load = startLoad(gateway.port(80), 'a.example.com', 16);
  try {
    for (let i = 1; i <= Edits; i++) {
      // Most edits come whole; some in place, where the gateway may see half of them; some are broken and must change nothing.
      if (i % 7 === 0) await folder.overwrite('route.yaml', edit(i));
      else await folder.write('route.yaml', edit(i));
      if (i % 50 === 0) await folder.write('broken.yaml', 'kind: HTTPRoute\nspec: {');
      if (i % 50 === 25) await folder.write('broken.yaml', '');
      if (i % 10 === 0) await setTimeout(40);
    }
    const url = new URL('http://a.example.com/');
    while ((await send(url, gateway.port(80))).headers['x-edit'] !== String(Edits)) await setTimeout(20);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.answered).toBeGreaterThan(1_000);
  } finally {
    await load.stop();
    await gateway.stop();
    await Promise.all(origins.map((origin) => origin.close()));
  }
}, 120_000);
