/**
 * SIGTERM in the middle of everything: 1,000 kept connections, 200 WebSockets, 50 uploads and 100 requests that last longer than the time in
 * which new connections are still accepted.
 *
 * A correct proxy saves all of it: what it has taken is finished, every answer from now on says `Connection: close`, who is silent is closed
 * without a word in the air, uploads end, WebSockets go on until the time is up, and the process ends with 0.
 *
 * What it cannot save: a request that a client sends on a connection of long standing just while the gateway closes it (RFC 9112 9.5 leaves it
 * to the client to ask again); and what is being said on a WebSocket when the time is up.
 */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { send } from '../../examples/request.ts';
import { baseManifests, routeManifest } from '../../features/folder.ts';
import { type Crowd, startCrowd } from '../crowd.ts';
import { startEverythingOrigin } from '../everything-origin.ts';
import { percentile } from '../percentile.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { openTalk, type Talk } from '../talk.ts';
import { upload } from '../upload.ts';

export const drain: Scenario = {
  name: 'drain',
  title: 'SIGTERM under 1,000 kept connections, 200 WebSockets, 50 uploads',
  run,
};

interface Plan {
  readonly crowd: number;
  readonly talks: number;
  readonly uploads: number;
  readonly longs: number;
  /** Milliseconds: new connections are accepted; then what runs may end. */
  readonly delay: number;
  readonly timeout: number;
}

const plans: Readonly<Record<Scale, Plan>> = {
  full: { crowd: 1000, talks: 200, uploads: 50, longs: 100, delay: 3000, timeout: 9000 },
  quick: { crowd: 150, talks: 20, uploads: 8, longs: 12, delay: 1000, timeout: 3000 },
};
/** What the process needs beyond delay and timeout to write its logs and end its threads, at most, in milliseconds. */
const Grace = 5000;

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const plan = plans[scale];
  const { delay, timeout } = plan;
  const origin = await startEverythingOrigin();
  stage.defer(() => origin.close());
  const folder = await stage.folder({
    'base.yaml': baseManifests({ one: origin.port }),
    'route.yaml': routeManifest('one', '[{ backendRefs: [{ name: one, port: 8080 }] }]'),
  });
  const args = [`--drain-delay=${delay}ms`, `--drain-timeout=${timeout}ms`];
  const gateway = await stage.gateway(folder, { args });
  const port = gateway.port(80);

  const crowd = startCrowd({ port, size: plan.crowd, think: delay * 0.6 });
  stage.defer(() => crowd.stop());
  const talks = await Promise.all(Array.from({ length: plan.talks }, () => openTalk(port, 200)));
  while (crowd.connected < plan.crowd) await setTimeout(20);
  // They end between the end of the delay and half of the timeout.
  const pieces = 40;
  const uploads = Array.from({ length: plan.uploads }, (_, i) => {
    const pause = (500 + delay + timeout * 0.4 * ((i + 1) / plan.uploads)) / pieces;
    return upload({ port, id: i, pieces, pieceBytes: 65_536, pause, chunked: i % 2 === 0 });
  });
  const longs = Array.from({ length: plan.longs }, (_, i) => askLong(port, i, delay + timeout * 0.3));
  await setTimeout(500);

  const signalled = performance.now();
  const exit = once(gateway.process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  gateway.process.kill('SIGTERM');
  await setTimeout(delay * 0.7);
  crowd.leave();
  const uploaded = await Promise.all(uploads);
  const answered = await Promise.all(longs);
  const stillTalking = talks.filter(({ ended }) => ended === 0);
  // Half of them take their leave, the others stay until they are put out.
  await Promise.all(stillTalking.filter((_, i) => i % 2 === 0).map((talk) => talk.leave()));
  const [code, signal] = await exit;
  const ended = performance.now() - signalled;
  await crowd.gone();

  const raced = crowd.lost.filter((lost) => lost.reused && lost.received === 0 && lost.from >= signalled + delay);
  const failures = [...uploaded, ...answered].filter((failure) => failure !== null);
  return [
    {
      sent: crowd.sent + plan.uploads + plan.longs + plan.talks,
      failed: crowd.lost.length - raced.length + failures.length + (plan.talks - stillTalking.length),
      unsavable: raced.length,
      p99Millis: percentile(crowd.millis, 0.99),
      recoverMillis: ended,
      missed: [
        ...crowd.lost
          .filter((lost) => !raced.includes(lost))
          .map(({ why, from }) => `a request ended by ${why} ${at(from, signalled)}`),
        ...failures,
        ...talkFaults(talks, signalled + delay + timeout),
        ...(code === 0 ? [] : [`exit code ${code}, signal ${signal}`]),
        ...(scale === 'quick' || ended <= delay + timeout + Grace ? [] : [`it took ${ended.toFixed(0)} ms to end`]),
      ].slice(0, 5),
      notes: noteOf(crowd, plan, stillTalking.length),
    },
  ];
}

function talkFaults(talks: readonly Talk[], due: number): string[] {
  const garbled = talks.filter((talk) => talk.garbled > 0).length;
  const silent = talks.filter((talk) => talk.heard === 0).length;
  // A WebSocket that was told (1001) may go at any time. Timers of the gateway are a quarter of a second coarse at most.
  const cut = talks.filter(({ code, ended }) => code === 1006 && ended < due - 250).length;
  return [
    ...(garbled > 0 ? [`${garbled} WebSockets heard what was not said`] : []),
    ...(silent > 0 ? [`${silent} WebSockets heard nothing`] : []),
    ...(cut > 0 ? [`${cut} WebSockets were cut before their time`] : []),
  ];
}

function noteOf(crowd: Crowd, plan: Plan, talking: number): string {
  return `${crowd.told} told to close, ${crowd.closedIdle} closed while silent, ${talking} of ${plan.talks} WebSockets outlived the uploads; process gone after this time`;
}

function at(moment: number, signalled: number): string {
  return `${(moment - signalled).toFixed(0)} ms after SIGTERM`;
}

/** @returns null for the right answer, which must tell the client to close */
async function askLong(port: number, id: number, millis: number): Promise<string | null> {
  try {
    const answer = await send(new URL(`http://a.example.com/t/${id}?delay=${millis.toFixed(0)}`), port);
    if (answer.status !== 200 || answer.headers['x-id'] !== String(id))
      return `a long request was answered with ${answer.status}`;
    return answer.headers.connection === 'close' ? null : 'a long request was not told to close';
  } catch (error) {
    return `a long request ended by ${String(error)}`;
  }
}
