/** Part `requests`: mutated request streams, read by our codec, by llhttp, and by nginx. */
import { Buffer } from 'node:buffer';
import corpus from '../corpus/requests.json' with { type: 'json' };
import { compare, isAccepted } from './comparison.ts';
import { Forwarded } from './forwarded.ts';
import { Ledger, wrongWith } from './ledger.ts';
import { Llhttp, withoutUpgrade } from './llhttp.ts';
import { mutate } from './mutation.ts';
import type { Nginx } from './nginx.ts';
import { NginxRequests } from './nginx-requests.ts';
import type { Failure, Outcome, Plan } from './part.ts';
import { Random } from './random.ts';
import type { Frame, Reading } from './reading.ts';
import { type OurReading, RequestCodec } from './request-codec.ts';
import { makeRequests } from './request-grammar.ts';

const part = 'requests';
const others: readonly string[] = corpus.map(({ bytes }) => bytes).filter(({ length }) => length < 2_000);

/** Input `index` of the run with this seed, as Latin-1 text. */
export function requestInput(seed: number, index: number): string {
  const random = new Random(seed, part, index);
  const base = random.chance(1, 8) ? random.pick(others) : makeRequests(random);
  return random.chance(1, 4) ? base : mutate(base, random, others);
}

/** @param nginx null: not run */
export async function fuzzRequests(plan: Plan, nginx: Nginx | null): Promise<Outcome> {
  const begun = performance.now();
  const codec = new RequestCodec();
  const llhttp = new Llhttp();
  const forwarded = new Forwarded();
  const oracle = nginx === null ? null : new NginxRequests(nginx.mirror);
  const ledger = new Ledger(part);
  const { tally } = ledger;
  const check = (kind: string): Failure['check'] => checkWith(kind, nginx);

  let index = 0;
  for (; index < plan.count && performance.now() < plan.deadline && !ledger.full; index++) {
    const text = requestInput(plan.seed, index);
    const bytes = Buffer.from(text, 'latin1');
    const plain = withoutUpgrade(text);
    const theirs = llhttp.readRequests(plain === text ? bytes : Buffer.from(plain, 'latin1'));
    const ours = codec.read([bytes], forwarded.keep);
    const accepted = isAccepted(ours);
    if (accepted) tally.add('accepted');
    const wrong = forwarded.check(ours);
    if (wrong !== null) ledger.fail('forwarded', index, wrong, text, check('forwarded'));
    if (isAccepted(theirs)) tally.add(accepted ? 'llhttp accepted' : 'llhttp alone');
    const read = plain === text ? ours : codec.read([Buffer.from(plain, 'latin1')]);
    ledger.judge(compare(read, theirs), 'llhttp', index, plain, read, check);
    if (accepted && oracle !== null) {
      const at = index;
      oracle.add({
        ...jobOf(text, ours),
        done: (read) => {
          tally.add('nginx read');
          ledger.judge(compare(asNginxSees(ours), read), 'nginx', at, text, ours, check);
        },
      });
    }
    if (index % 512 !== 511) continue;
    await oracle?.below(1_024);
    plan.progress(`${index + 1} inputs, ${tally.of('accepted')} accepted, ${ledger.failures.length} failures`);
  }
  await oracle?.below(1);
  return {
    part,
    inputs: index,
    seconds: (performance.now() - begun) / 1_000,
    counts: [
      ['accepted by us', tally.of('accepted')],
      ['of those by llhttp', tally.of('llhttp accepted')],
      ['by llhttp alone', tally.of('llhttp alone')],
      ['forwarded wrongly', tally.of('forwarded')],
      ['framed differently by llhttp', tally.of('llhttp different')],
      ['refused by llhttp, unexplained', tally.of('llhttp refused')],
      ...(nginx === null
        ? ([['nginx', 'not run']] as const)
        : ([
            ['read by nginx', tally.of('nginx read')],
            ['framed differently by nginx', tally.of('nginx different')],
            ['refused by nginx, unexplained', tally.of('nginx refused')],
          ] as const)),
    ],
    refusals: ledger.refusals,
    failures: ledger.failures,
  };
}

function jobOf(text: string, ours: OurReading): { bytes: Buffer; closes: boolean; heads: boolean[] } {
  const { closes } = ours;
  return {
    // Behind a last message nothing is read by anyone; what stands there is no part of the comparison.
    bytes: Buffer.from(closes ? text.slice(0, ours.ends[ours.frames.length - 1]) : text, 'latin1'),
    closes,
    heads: ours.frames.map(({ start }) => start.startsWith('HEAD ')),
  };
}

/** Target without scheme and authority, and of the fields those it tells. */
function asNginxSees(ours: Reading): Reading {
  return { ...ours, stop: 'end', frames: ours.frames.map(frameToNginx) };
}

function frameToNginx(frame: Frame): Frame {
  const space = frame.start.indexOf(' ');
  const target = frame.start.slice(space + 1).replace(/^https?:\/\/[^/?#]*/i, '');
  const value = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(frame.fields ?? '')?.[1] ?? '';
  return {
    start: `${frame.start.slice(0, space)} ${target === '' ? '/' : target}`,
    fields: ['host', 'content-length', 'transfer-encoding'].map((name) => `${name}:${value(name)}\n`).join(''),
    body: frame.start.startsWith('HEAD ') ? '' : frame.body,
    complete: frame.complete,
  };
}

/** Whether a smaller input fails in the same way. */
function checkWith(kind: string, nginx: Nginx | null): Failure['check'] {
  return async (text) => {
    if (kind === 'forwarded') {
      const forwarded = new Forwarded();
      return forwarded.check(new RequestCodec().read([Buffer.from(text, 'latin1')], forwarded.keep));
    }
    const name = kind.startsWith('nginx') ? 'nginx' : 'llhttp';
    const read = name === 'nginx' ? text : withoutUpgrade(text);
    const bytes = Buffer.from(read, 'latin1');
    const theirs = new Llhttp().readRequests(bytes);
    const ours = new RequestCodec().read([bytes]);
    if (name === 'llhttp') return wrongWith(compare(ours, theirs), name, read, ours);
    if (!isAccepted(ours) || nginx === null) return null;
    const alone = new NginxRequests(nginx.mirror);
    const seen = await new Promise<Reading>((done) => {
      alone.add({ ...jobOf(text, ours), done });
      void alone.below(1);
    });
    return wrongWith(compare(asNginxSees(ours), seen), name, text, ours);
  };
}
