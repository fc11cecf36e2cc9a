/**
 * What an input costs the gateway against what it costs who sends it. Envoy's threat model calls it a denial of service when 10 KiB in make the proxy
 * hold 1 MiB; the bars here are ten times lower:
 *
 * - sent: bytes that the gateway sends, to client and backend together, for one input. At most 10 a byte received, beyond 1 KiB for each exchange: an
 *   answer has a head, and a forwarded request the fields of the gateway.
 * - held: bytes in use after a garbage collection while connections are open on which everything but the input's last byte has come, less what is in
 *   use without them, for one connection. At most 10 a byte received, or for what is shorter than 10 KiB as much as for that, as in Envoy's sentence.
 * - spent: CPU time for one input on a connection of its own, against an ordinary request of the same size on one of its own: a GET that is forwarded
 *   and answered, filled up with one field. At most 10 times that. What looks like more than twice is measured three times, and the least is told.
 *
 * For answers of a backend `received` is what the backend sent, and `sent` what the client got.
 */
import { methodOf, type RequestCase, type ResponseCase } from './corpus.ts';
import { createHold, type Hold } from './hold.ts';
import type { Inspector } from './inspector.ts';
import { after } from './neighbours.ts';
import type { Recorded, Scripted } from './recorder.ts';
import { talk } from './talk.ts';
import { together } from './together.ts';
import type { LaneName, World } from './world.ts';

export const Most = 10;
const ExchangeAllowance = 1_024;
const SmallInput = 10_240;
const GroupSize = 10;
const Suspicious = 2;

/** One input, measured. Bytes. */
export interface Amplification {
  readonly input: string;
  readonly received: number;
  readonly sent: number;
  /** For one connection. */
  readonly held: number;
}

/** Bytes sent beyond the allowance, for each byte received. */
export function sentRatio({ sent, received }: Amplification): number {
  return Math.max(0, sent - ExchangeAllowance) / received;
}

/** Bytes held for each byte received. */
export function heldRatio({ held, received }: Amplification): number {
  return held / Math.max(received, SmallInput);
}

export interface Measured {
  readonly world: World;
  readonly lane: LaneName;
  readonly inspector: Inspector;
  /** Connections that are held open for one input. */
  readonly connections: number;
  /** Each input by itself, which takes eight times as long. */
  readonly exact: boolean;
}

export async function measureRequests(where: Measured, cases: readonly RequestCase[]): Promise<Amplification[]> {
  const { world, lane } = where;
  const held = await measureHeld(
    where,
    cases.map(({ bytes }) => bytes.slice(0, -1)),
  );
  const results: Amplification[] = [];
  for (const [i, each] of cases.entries()) {
    const address = world.address();
    const said = await talk({ port: world.port(lane), address, ...asking(each) });
    const forwarded = world.recorders[lane].of(address).reduce((sum, { message }) => sum + message.length, 0);
    // What stands behind an input is an exchange of its own.
    const sent = said.received + forwarded - ExchangeAllowance * Math.max(0, said.answers.length - 1);
    results.push({ input: each.name, received: each.bytes.length, sent, held: held[i]! });
  }
  return results;
}

/** The world's script must be `pausedScript` of the same cases. */
export async function measureResponses(where: Measured, cases: readonly ResponseCase[]): Promise<Amplification[]> {
  const { world, lane } = where;
  const ask = (manner: string, index: number, ...fields: string[]): string =>
    [`${cases[index]?.method ?? 'GET'} /${manner}/${index} HTTP/1.1`, 'Host: a.example', ...fields, '', ''].join(
      '\r\n',
    );
  const held = await measureHeld(
    where,
    cases.map((_, index) => ask('paused', index)),
  );
  const results: Amplification[] = [];
  for (const [index, { name, bytes, method = 'GET' }] of cases.entries()) {
    const { received: sent } = await talk({
      port: world.port(lane),
      address: world.address(),
      bytes: ask('whole', index, 'Connection: close'),
      methods: [method],
      answers: Number.POSITIVE_INFINITY,
    });
    results.push({ input: name, received: Math.max(bytes.length, 1), sent, held: held[index]! });
  }
  return results;
}

/** `/whole/INDEX` gets the answer of a case and the end of its connection, `/paused/INDEX` all but its last byte and then nothing. */
export function pausedScript(cases: readonly ResponseCase[]): (request: Recorded) => Scripted | null {
  return ({ message }) => {
    const [, manner, index] = /^\S+ \/(whole|paused)\/(\d+) /.exec(message.startLine) ?? [];
    const each = index === undefined ? undefined : cases[Number(index)];
    if (each === undefined) return null;
    return manner === 'whole' ? { bytes: each.bytes, end: true } : { bytes: each.bytes.slice(0, -1) };
  };
}

/** @returns for each input how often an ordinary request's CPU time it took */
export async function measureSpent(
  where: Measured,
  cases: readonly RequestCase[],
  repeats: number,
): Promise<Map<string, number>> {
  const ordinary = new Map<number, number>();
  const ratios = new Map<string, number>();
  for (const each of cases) {
    const size = Math.min(60_000, Math.ceil(each.bytes.length / 256) * 256);
    let expected = ordinary.get(size);
    if (expected === undefined) {
      expected = await cpuOf(where, { bytes: ordinaryRequest(size), answers: 1 }, 4 * repeats);
      ordinary.set(size, expected);
    }
    let ratio = (await cpuOf(where, asking(each), repeats)) / expected;
    // A collection or a compilation falls into some measurement: what is much must be much again.
    for (let again = 0; again < 2 && ratio > Suspicious; again++)
      ratio = Math.min(ratio, (await cpuOf(where, asking(each), repeats)) / expected);
    ratios.set(each.name, ratio);
  }
  return ratios;
}

async function cpuOf({ world, lane, inspector }: Measured, asked: Asking, repeats: number): Promise<number> {
  const address = world.address();
  const before = await inspector.spent();
  await together(Array.from({ length: repeats }), 8, () => talk({ ...asked, port: world.port(lane), address }));
  return ((await inspector.spent()) - before) / repeats;
}

/**
 * For each input the bytes of one connection on which it has come and nothing comes any more. Unless `exact`, inputs are looked at in groups, and one by
 * one only where a whole group holds more than a single connection may: what is told of the others is then an upper bound.
 */
async function measureHeld(where: Measured, inputs: readonly string[]): Promise<number[]> {
  // What is compiled, pooled and cached on first use is no input's.
  for (let at = 0; at < inputs.length; at += 100) await holdAll(where, inputs.slice(at, at + 100));
  const results: number[] = [];
  const size = where.exact ? 1 : GroupSize;
  for (let at = 0; at < inputs.length; at += size) {
    const group = inputs.slice(at, at + size);
    const together = await holdAll(where, group);
    if (group.length > 1 && together > Most * SmallInput)
      for (const bytes of group) results.push(await holdAll(where, [bytes]));
    else results.push(...group.map(() => together));
  }
  return results;
}

/** Bytes that one connection of each input holds, all together. */
async function holdAll({ world, lane, inspector, connections }: Measured, group: readonly string[]): Promise<number> {
  const port = world.port(lane);
  const before = await inspector.held();
  const holds: Hold[] = [];
  for (const bytes of group) holds.push(await createHold(port, world.address(), bytes, connections));
  await settle(world, lane);
  const during = await inspector.held();
  await Promise.all(holds.map((hold) => hold.close()));
  await settle(world, lane);
  return Math.max(0, during - before) / connections;
}

/** Answers of later requests: what was sent before them has been read. */
async function settle(world: World, lane: LaneName): Promise<void> {
  for (let i = 0; i < 2; i++) await talk({ port: world.port(lane), address: '127.0.0.1', bytes: after, answers: 1 });
}

type Asking = Omit<Parameters<typeof talk>[0], 'port' | 'address'>;

/** Sends an input whole and waits for what it leads to. */
function asking({ bytes, expect, gateway }: RequestCase): Asking {
  const refused = typeof (gateway ?? expect) === 'number' && (gateway ?? expect) !== 204;
  return { bytes, methods: [methodOf(bytes)], answers: refused ? Number.POSITIVE_INFINITY : 1 };
}

function ordinaryRequest(size: number): string {
  const head = 'GET / HTTP/1.1\r\nHost: a.example\r\nX-Fill: ';
  return `${head}${'a'.repeat(Math.max(0, size - head.length - 4))}\r\n\r\n`;
}
