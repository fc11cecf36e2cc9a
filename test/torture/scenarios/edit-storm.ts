/**
 * A thousand edits a minute while traffic flows: filters, weights, rules and endpoints by turns, most of them whole, some in place so that the
 * gateway may read half of them or nothing, some broken. Beside it the traffic of a route that nobody edits.
 *
 * A correct proxy saves everything here: no edit takes a backend away from a request under way.
 */
import { setTimeout } from 'node:timers/promises';
import { send } from '../../examples/request.ts';
import { baseManifests, endpointSlice, type Folder, routeManifest } from '../../features/folder.ts';
import { failureText } from '../failure-text.ts';
import { readLedger } from '../ledger.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { within } from '../within.ts';

const EditsPerMinute = 1000;

export const editStorm: Scenario = {
  name: 'edit-storm',
  title: '1,000 edits a minute under load',
  run,
};

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const edits = scale === 'full' ? 1000 : 80;
  const [one, two, other] = await Promise.all([stage.origin('one'), stage.origin('two'), stage.origin('other')]);
  const folder = await stage.folder({
    'base.yaml': baseManifests({ one: one.port, two: two.port, other: other.port }),
    'route.yaml': edit(0),
    'other.yaml': routeManifest('other', '[{ backendRefs: [{ name: other, port: 8080 }] }]', 'b.example.com'),
  });
  const gateway = await stage.gateway(folder);
  const port = gateway.port(80);
  const edited = stage.traffic({ port, kept: 24, fresh: 4, rate: 1500, from: ['one', 'two'] });
  const bystander = stage.traffic({ port, host: 'b.example.com', kept: 8, fresh: 2, rate: 500, from: ['other'] });
  const begin = performance.now();
  for (let i = 1; i <= edits; i++) {
    await setTimeout(Math.max(1, begin + (i * 60_000) / EditsPerMinute - performance.now()));
    // Every seventh in place, as `>` does it.
    if (i % 7 === 0) await folder.overwrite('route.yaml', edit(i));
    else await folder.write('route.yaml', edit(i));
    if (i % 50 === 0) await writeSlowly(folder, edit(i));
    if (i % 20 === 0) await folder.write('broken.yaml', 'kind: HTTPRoute\nspec: {');
    if (i % 20 === 10) await folder.write('broken.yaml', '');
    // One endpoint twice is one: the slice comes and goes, and takes nothing away.
    if (i % 10 === 3) await folder.write('more.yaml', endpointSlice('one', [two.port]).replace('one-0', 'one-more'));
    if (i % 10 === 8) await folder.remove('more.yaml');
  }
  const written = performance.now();
  await within(30, 'the last edit is live', async () => (await editServed(port)) === String(edits));
  const live = performance.now() - written;
  const told = `${edits} edits in ${((written - begin) / 1000).toFixed(0)} s, the last one live after ${live.toFixed(0)} ms`;
  const rows: Row[] = [];
  for (const [part, traffic] of [
    ['edited', edited],
    ['bystander', bystander],
  ] as const) {
    await traffic.stop();
    const { missed } = await readLedger(traffic, [one, two, other]);
    rows.push({
      part,
      sent: traffic.sent,
      failed: traffic.failures.length,
      p99Millis: traffic.percentile(0.99),
      recoverMillis: null,
      missed,
      notes: `${part === 'edited' ? told : ''}${failureText(traffic.failures)}`,
    });
  }
  return rows;
}

/** As a writer that has truncated the file and is held up. */
async function writeSlowly(folder: Folder, text: string): Promise<void> {
  await folder.overwrite('route.yaml', '');
  await setTimeout(200);
  await folder.overwrite('route.yaml', text);
}

/** Each edit changes another thing. */
function edit(i: number): string {
  const filter = `filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-edit, value: "${i}" }] } }]`;
  const weights = `backendRefs: [{ name: one, port: 8080, weight: ${1 + (i % 5)} }, { name: two, port: 8080, weight: ${1 + (i % 3)} }]`;
  const extra = Array.from(
    { length: i % 4 },
    (_, k) => `{ matches: [{ path: { value: /extra-${k} } }], backendRefs: [{ name: one, port: 8080 }] }`,
  );
  return routeManifest('storm', `[${[`{ ${filter}, ${weights} }`, ...extra].join(', ')}]`);
}

/** The edit that answers now. */
async function editServed(port: number): Promise<string | undefined> {
  const answer = await send(new URL('http://a.example.com/t/0'), port);
  return answer.headers['x-edit'] as string | undefined;
}
