/** Part `responses`: mutated answers of a backend, read by the fast lane, by llhttp, and by nginx as a proxy. */
import { Buffer } from 'node:buffer';
import corpus from '../corpus/responses.json' with { type: 'json' };
import { compare, isAccepted } from './comparison.ts';
import type { TransportName } from './gateway.ts';
import { Ledger, wrongWith } from './ledger.ts';
import { Llhttp } from './llhttp.ts';
import { mutate } from './mutation.ts';
import type { Nginx } from './nginx.ts';
import { NginxResponses } from './nginx-responses.ts';
import type { Failure, Outcome, Plan } from './part.ts';
import { Random } from './random.ts';
import type { Reading } from './reading.ts';
import { Responding } from './responding.ts';
import { ResponseCodec, type ResponseReading } from './response-codec.ts';
import { makeResponse } from './response-grammar.ts';

const part = 'responses';
/** One input of so many goes through the whole gateway. */
const Sample = 40;
const others: readonly string[] = corpus.map(({ bytes }) => bytes).filter(({ length }) => length < 2_000);

export interface ResponseInput {
  /** Latin-1. */
  readonly text: string;
  readonly method: 'GET' | 'HEAD';
}

/** Input `index` of the run with this seed. */
export function responseInput(seed: number, index: number): ResponseInput {
  const random = new Random(seed, part, index);
  const base = random.chance(1, 8) ? random.pick(others) : makeResponse(random);
  const text = random.chance(1, 4) ? base : mutate(base, random, others);
  return { text, method: random.chance(1, 8) ? 'HEAD' : 'GET' };
}

/** @param nginx null: not run */
export async function fuzzResponses(plan: Plan, nginx: Nginx | null): Promise<Outcome> {
  const begun = performance.now();
  const codec = new ResponseCodec();
  const llhttp = new Llhttp();
  const oracle = nginx === null ? null : await NginxResponses.open(nginx.proxy, nginx.origin);
  const responding = new Responding();
  const ledger = new Ledger(part);
  const { tally } = ledger;
  let index = 0;
  for (; index < plan.count && performance.now() < plan.deadline && !ledger.full; index++) {
    const { text, method } = responseInput(plan.seed, index);
    const bytes = Buffer.from(text, 'latin1');
    const theirs = llhttp.readResponses(bytes, method === 'HEAD', true);
    const ours = codec.read([bytes], method, null);
    const accepted = isAccepted(ours);
    if (accepted) tally.add('accepted');
    if (isAccepted(theirs)) tally.add(accepted ? 'llhttp accepted' : 'llhttp alone');
    const check = (kind: string): Failure['check'] => checkWith(kind, method, oracle);
    if (!readsBodyBehindNone(ours)) ledger.judge(compare(ours, theirs), 'llhttp', index, text, ours, check);
    else tally.add('llhttp cannot');
    if (ours.reused) tally.add('reused');
    const kept = wronglyKept(ours, theirs);
    if (kept !== null) ledger.fail('kept', index, kept, text, check('kept'));
    if (accepted && oracle !== null) {
      const at = index;
      oracle.add({
        ...jobOf(text, ours, method),
        done: (read) => {
          tally.add('nginx read');
          ledger.judge(compare(asNginxSees(ours), asOne(read, ours)), 'nginx', at, text, ours, check);
        },
      });
    }
    if (index % Sample === 0) {
      const name: TransportName = index % (2 * Sample) === 0 ? 'handle' : 'socket';
      tally.add('through');
      const served = await responding.check(name, text, method, ours);
      if (served !== null)
        ledger.fail('served', index, `${name}: ${served}`, text, (input) =>
          responding.check(name, input, method, codec.read([Buffer.from(input, 'latin1')], method, null)),
        );
    }
    if (index % 256 !== 255) continue;
    await oracle?.below(256);
    for (const what of await responding.renew(false)) ledger.fail('served', index, what, '', async () => null);
    plan.progress(`${index + 1} inputs, ${tally.of('accepted')} accepted, ${ledger.failures.length} failures`);
  }
  await oracle?.below(1);
  if (ledger.failures.length === 0)
    for (const what of await responding.renew(true)) ledger.fail('served', index, what, '', async () => null);
  return {
    part,
    inputs: index,
    seconds: (performance.now() - begun) / 1_000,
    counts: [
      ['accepted by us', tally.of('accepted')],
      ['connection kept', tally.of('reused')],
      ['of those by llhttp', tally.of('llhttp accepted')],
      ['by llhttp alone', tally.of('llhttp alone')],
      ['not compared with llhttp: 204 or 304 with a coding', tally.of('llhttp cannot')],
      ['through the whole gateway, both transports', tally.of('through')],
      ['served wrongly', tally.of('served')],
      ['connection kept wrongly', tally.of('kept')],
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
    close: async () => {
      codec.close();
      await responding.renew(true);
      await oracle?.close();
    },
  };
}

/**
 * llhttp reads chunks behind a 204 or 304 that says it is chunked. RFC 9112 6.3: such a response "is always terminated by the first empty line after
 * the header fields, regardless of the header fields present in the message".
 */
function readsBodyBehindNone({ frames }: Reading): boolean {
  const last = frames.at(-1);
  return last !== undefined && /^(?:204|304)$/.test(last.start) && /^transfer-encoding:/m.test(last.fields ?? '');
}

/** A connection is kept only where the response is the last of its bytes, to the oracle too. */
function wronglyKept(ours: ResponseReading, theirs: Reading): string | null {
  if (!ours.reused) return null;
  if (!isAccepted(ours)) return `the connection is kept after ${ours.stop}`;
  if (theirs.stop === 'end' && !readsBodyBehindNone(ours) && theirs.frames.length > ours.frames.length)
    return 'the connection is kept with bytes behind';
  return null;
}

// nginx before 1.29 takes an informational response for the final one: it gets the final one alone.
function jobOf(text: string, ours: ResponseReading, method: string): { bytes: Buffer; head: boolean } {
  return { bytes: Buffer.from(text.slice(ours.finalStart), 'latin1'), head: method === 'HEAD' };
}

function asNginxSees(ours: ResponseReading): ResponseReading {
  return { ...ours, frames: ours.frames.slice(-1) };
}

/** Its own 502 is a refusal, unless the backend said 502. */
function asOne(theirs: Reading, ours: Reading): Reading {
  const status = theirs.frames[0]?.start;
  return status === '502' && ours.frames.at(-1)!.start !== '502' ? { frames: [], stop: '502' } : theirs;
}

/** Whether a smaller input fails in the same way. */
function checkWith(kind: string, method: 'GET' | 'HEAD', oracle: NginxResponses | null): Failure['check'] {
  return async (text) => {
    const codec = new ResponseCodec();
    const bytes = Buffer.from(text, 'latin1');
    const theirs = new Llhttp().readResponses(bytes, method === 'HEAD', true);
    const ours = codec.read([bytes], method, null);
    codec.close();
    if (kind === 'kept') return wronglyKept(ours, theirs);
    if (kind.startsWith('llhttp'))
      return readsBodyBehindNone(ours) ? null : wrongWith(compare(ours, theirs), 'llhttp', text, ours);
    if (!isAccepted(ours) || oracle === null) return null;
    const read = await new Promise<Reading>((done) => oracle.add({ ...jobOf(text, ours, method), done }));
    return wrongWith(compare(asNginxSees(ours), asOne(read, ours)), 'nginx', text, ours);
  };
}
