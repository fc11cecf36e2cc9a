/**
 * Every second another endpoint of four goes and comes back.
 *  - announced: its slice says `terminating`, then drops it, and only then the origin stops.
 *  - at once: the slice drops it in the moment in which the origin closes its listener.
 * In both the origin stops as a decent server does: what is under way is answered, connections that stand are answered with `Connection: close`.
 *
 * A correct proxy saves all of it: an endpoint that was announced gets nothing new, a refused connection has shown nobody the request, so that
 * another endpoint may get it.
 * What no proxy can save (at once only): a POST on a new connection that the kernel had accepted for the origin and resets with the listener's
 * queue. The proxy has sent it and cannot know that no server saw it (RFC 9110 9.2.2). It is counted apart, and only if indeed no origin executed it.
 */
import { setTimeout } from 'node:timers/promises';
import { baseManifests, endpointSlice, routeManifest, service } from '../../features/folder.ts';
import { failureText } from '../failure-text.ts';
import { type Ledger, readLedger } from '../ledger.ts';
import type { Origin } from '../origin.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Failure } from '../traffic.ts';
import { within } from '../within.ts';

export const endpointChurn: Scenario = {
  name: 'endpoint-churn',
  title: 'every second another endpoint of four goes and comes back',
  run: async (stage, scale) => [await churn(stage, scale, 'announced'), await churn(stage, scale, 'at once')],
};

type Form = 'announced' | 'at once';

/** How long the announcement stands before the origin stops: a short preStop. */
const AnnouncedMillis = 200;

async function churn(stage: Stage, scale: Scale, form: Form): Promise<Row> {
  const { rounds, period } = scale === 'full' ? { rounds: 20, period: 1000 } : { rounds: 3, period: 600 };
  const origins = await Promise.all(['a', 'b', 'c', 'd'].map((name) => stage.origin(name)));
  for (const origin of origins) await origin.behave('serve', 2);
  const folder = await stage.folder({
    'base.yaml': `${baseManifests({})}---\n${service('pool')}`,
    ...Object.fromEntries(origins.map((origin) => [fileOf(origin), sliceOf(origin)])),
    'route.yaml': routeManifest(
      'churn',
      `[{ backendRefs: [{ name: pool, port: 8080 }]${form === 'announced' ? '' : ', retry: { attempts: 3 }'} }]`,
    ),
  });
  const gateway = await stage.gateway(folder);
  const traffic = stage.traffic({ port: gateway.port(80), kept: 24, fresh: 4, rate: 1500 });
  const begin = performance.now();
  for (let i = 0; i < rounds; i++) {
    const origin = origins[i % origins.length]!;
    if (form === 'announced') {
      await folder.write(fileOf(origin), sliceOf(origin, '{ ready: false, serving: true, terminating: true }'));
      await setTimeout(AnnouncedMillis);
      await folder.remove(fileOf(origin));
      await setTimeout(AnnouncedMillis);
      await origin.leave();
    } else await Promise.all([folder.remove(fileOf(origin)), origin.leave()]);
    await origin.start();
    await origin.behave('serve', 2);
    const since = performance.now();
    await folder.write(fileOf(origin), sliceOf(origin));
    await within(30, `${origin.name} serves again`, () => (traffic.served.get(origin.name)?.last ?? 0) >= since);
    await setTimeout(Math.max(1, begin + (i + 1) * period - performance.now()));
  }
  await traffic.stop();
  await gateway.stop();
  const ledger = await readLedger(traffic, origins);
  const unsavable = traffic.failures.filter((failure) => form === 'at once' && resetInQueue(failure, ledger));
  const failed = traffic.failures.filter((failure) => !unsavable.includes(failure));
  return {
    part: form,
    sent: traffic.sent,
    failed: failed.length,
    unsavable: unsavable.length,
    p99Millis: traffic.percentile(0.99),
    recoverMillis: null,
    missed: ledger.missed,
    notes: `${rounds} endpoints went and came${ledger.repeated > 0 ? `, ${ledger.repeated} GET executed twice` : ''}${failureText(failed)}`,
  };
}

function resetInQueue({ id, method, kind, code }: Failure, { executed }: Ledger): boolean {
  const told = kind === 'error' && (code === 'upstream-reset' || code === 'connect-failed');
  return told && method === 'POST' && !executed.has(id);
}

function fileOf({ name }: Origin): string {
  return `slice-${name}.yaml`;
}

function sliceOf({ name, port }: Origin, conditions = '{}'): string {
  return endpointSlice('pool', [port])
    .replace('pool-0', `pool-${name}`)
    .replace('[127.0.0.1]', `[127.0.0.1], conditions: ${conditions}`);
}
