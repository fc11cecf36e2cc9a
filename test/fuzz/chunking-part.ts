/** Part `chunking`: however a stream is cut into reads, and whatever is pipelined behind it, its messages are the same. */
import { Buffer } from 'node:buffer';
import { isAccepted } from './comparison.ts';
import { checkThrough, sendThrough } from './forwarding.ts';
import { Gateway, type TransportName, transports } from './gateway.ts';
import { Ledger } from './ledger.ts';
import type { Outcome, Plan } from './part.ts';
import { cut } from './pieces.ts';
import { Random } from './random.ts';
import { describeReading, type Reading } from './reading.ts';
import { RequestCodec } from './request-codec.ts';
import { requestInput } from './requests-part.ts';
import { ResponseCodec } from './response-codec.ts';
import { responseInput } from './responses-part.ts';

const part = 'chunking';
/** One input of so many goes through the whole data plane, on one transport and the other. */
const Sample = 20;
/** The recorder keeps every byte. */
const MaxUse = 500;
const names = Object.keys(transports) as TransportName[];

export async function fuzzChunking(plan: Plan): Promise<Outcome> {
  const begun = performance.now();
  const readers: Readers = { requests: new RequestCodec(), responses: new ResponseCodec() };
  const ledger = new Ledger(part);
  const { tally } = ledger;
  const proxies = new Map<TransportName, Gateway>();
  const finish = async (name: TransportName): Promise<void> => {
    const wrong = (await proxies.get(name)?.close()) ?? [];
    proxies.delete(name);
    for (const what of wrong) ledger.fail('proxied', index, `${name}: ${what}`, '', async () => null);
  };
  let index = 0;
  for (; index < plan.count && performance.now() < plan.deadline && !ledger.full; index++) {
    for (const [kind, check] of checks(readers, plan.seed, index)) {
      const text = kind === 'responses' ? responseInput(plan.seed, index).text : requestInput(plan.seed, index);
      tally.add(kind);
      const wrong = check(text);
      if (wrong !== null)
        ledger.fail(`${kind} differ`, index, `${kind}: ${wrong}`, text, async (input) => check(input));
    }
    if (index % Sample === 0) {
      const text = requestInput(plan.seed, index);
      for (const name of names) {
        const gateway = proxies.get(name) ?? (await Gateway.open(name));
        proxies.set(name, gateway);
        const check = (input: string): Promise<string | null> =>
          checkProxied(gateway, input, new Random(plan.seed, `${part} proxied`, index));
        tally.add(`through ${name}`);
        const wrong = await check(text);
        if (wrong !== null) ledger.fail('proxied', index, `${name}: ${wrong}`, text, check);
        // A failure is made small on the same gateway.
        if (gateway.used > MaxUse && wrong === null && ledger.failures.length === 0) await finish(name);
      }
    }
    if (index % 512 === 511) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      plan.progress(`${index + 1} inputs, ${ledger.failures.length} failures`);
    }
  }
  readers.responses.close();
  if (ledger.failures.length === 0) for (const name of names) await finish(name);
  return {
    part,
    inputs: index,
    seconds: (performance.now() - begun) / 1_000,
    counts: [
      ...(['requests', 'pipelined', 'responses'] as const).map((kind) => [`${kind} cut`, tally.of(kind)] as const),
      ...names.map((name) => [`through the ${name} transport, whole and cut`, tally.of(`through ${name}`)] as const),
      [
        'read differently in pieces',
        tally.of('requests differ') + tally.of('pipelined differ') + tally.of('responses differ'),
      ],
      ['served differently in pieces', tally.of('proxied')],
    ],
    refusals: [],
    failures: ledger.failures,
    close: async () => {
      for (const gateway of proxies.values()) await gateway.close();
    },
  };
}

interface Readers {
  readonly requests: RequestCodec;
  readonly responses: ResponseCodec;
}

/** The property as functions of the text, so that a failing one can be made small. */
function checks(
  { requests, responses }: Readers,
  seed: number,
  index: number,
): readonly (readonly ['requests' | 'pipelined' | 'responses', (text: string) => string | null])[] {
  const random = (): Random => new Random(seed, part, index);
  return [
    [
      'requests',
      (text) => {
        // A refusal may wait for the end of a line.
        const ended = `${text}\r\n`;
        return difference(requests.read(whole(ended)), requests.read(cut(ended, random())));
      },
    ],
    [
      'pipelined',
      (text) => {
        const next = requestInput(seed, index + 1);
        const [first, second] = [requests.read(whole(text)), requests.read(whole(`${next}\r\n`))];
        if (!isAccepted(first) || first.closes) return null;
        const both = requests.read(cut(`${text}${next}\r\n`, random()));
        return difference({ frames: [...first.frames, ...second.frames], stop: second.stop }, both);
      },
    ],
    [
      'responses',
      (text) => {
        const { method } = responseInput(seed, index);
        const [one, cutUp] = [
          responses.read(whole(text), method, null),
          responses.read(cut(text, random()), method, null),
        ];
        if (one.reused !== cutUp.reused) return `the connection is kept: ${one.reused}, in pieces ${cutUp.reused}`;
        return difference(one, cutUp);
      },
    ],
  ];
}

/** Whole and in pieces, the same requests come to the backend, and the same answers to the client. */
async function checkProxied(gateway: Gateway, text: string, random: Random): Promise<string | null> {
  const ended = `${text}\r\n`;
  const ours = new RequestCodec().read(whole(ended));
  const once = await sendThrough(gateway, whole(ended), ours);
  const pieces = await sendThrough(gateway, cut(ended, random), ours);
  const [wrong, wrongInPieces] = [checkThrough(ours, once), checkThrough(ours, pieces)];
  if (wrong !== null) return `whole: ${wrong}`;
  return wrongInPieces === null ? null : `in pieces: ${wrongInPieces}`;
}

function whole(text: string): Buffer[] {
  return [Buffer.from(text, 'latin1')];
}

function difference(one: Reading, other: Reading): string | null {
  const same =
    stopOf(one) === stopOf(other) &&
    one.frames.length === other.frames.length &&
    one.frames.every((frame, i) => {
      const { start, fields, body, complete } = other.frames[i]!;
      if (start !== frame.start || fields !== frame.fields || complete !== frame.complete) return false;
      // Of what breaks off, more has been read in pieces.
      return complete ? body === frame.body : (body ?? '').startsWith(frame.body ?? '');
    });
  return same ? null : `${describeReading(one)} is in pieces ${describeReading(other)}`;
}

/** Whether bytes are left behind the last message, or a refusal could only come with the end, depends on the pieces; what was read does not. */
function stopOf({ stop }: Reading): string {
  if (stop === 'end') return 'closed';
  return stop === 'upstream-invalid' ? 'upstream-reset' : stop;
}
