/** Lets the backend answer with each hostile response, alone and between two good ones, and says what of it reached a client that must not. */

import { Buffer } from 'node:buffer';
import type { ResponseCase } from './corpus.ts';
import { type Field, readResponse, valuesOf } from './message.ts';
import { after, before, neighbourOf } from './neighbours.ts';
import type { Recorded, Scripted } from './recorder.ts';
import { type Answer, type Talk, talk } from './talk.ts';
import { together } from './together.ts';
import { createVerdict, differs, ownAnswers, type Seen, type Verdict } from './verdict.ts';
import type { LaneName, World } from './world.ts';

const Connections = 16;

/** A recorder's script that gives the response of a case to whoever asks for `/hostile/INDEX`. */
export function scriptOf(cases: readonly ResponseCase[]): (request: Recorded) => Scripted | null {
  return ({ message }) => {
    const index = /^\S+ \/hostile\/(\d+) /.exec(message.startLine)?.[1];
    const each = index === undefined ? undefined : cases[Number(index)];
    if (each === undefined) return null;
    const { end, spoils } = read(each);
    return {
      bytes: each.bytes,
      end,
      ...(spoils === null ? {} : { spoils: `${spoils} (${each.name})` }),
      tunnel: each.upgrade !== undefined && each.bytes.startsWith('HTTP/1.1 101 '),
    };
  };
}

export async function runResponses(world: World, lane: LaneName, cases: readonly ResponseCase[]): Promise<Verdict[]> {
  const indices = cases.map((_, index) => index);
  return (await together(indices, Connections, (index) => runOne(world, lane, cases[index]!, index))).flat();
}

async function runOne(world: World, lane: LaneName, each: ResponseCase, index: number): Promise<Verdict[]> {
  const { method = 'GET', upgrade } = each;
  const options = upgrade === undefined ? [] : ['Connection: Upgrade', `Upgrade: ${upgrade}`];
  const request = [`${method} /hostile/${index} HTTP/1.1`, 'Host: a.example', ...options, '', ''].join('\r\n');
  const ask = async (bytes: string, methods: readonly string[], answers: number): Promise<Seen> => {
    const address = world.address();
    const said = await talk({ port: world.port(lane), address, bytes, methods, answers });
    return { talk: said, address, requests: () => world.recorders[lane].of(address) };
  };
  const wanted = wantedOf(each, lane);
  const verdicts = [
    createVerdict(each.name, 'alone', await ask(request, [method], 1), (said, requests) => [
      ...answerProblems(each, wanted, said, 0),
      ...differs('answers of the backend', said.answers.filter(({ id }) => id !== null).length, 0),
      ...(requests.length > 0 ? [] : ['the request never came to the backend']),
    ]),
  ];
  // What follows a 101 is no HTTP.
  if (wanted.status === 101) return verdicts;
  const between = await ask(before + request + after, ['GET', method], Number.POSITIVE_INFINITY);
  verdicts.push(
    createVerdict(each.name, 'between', between, (said, requests) => {
      const neighbours = requests.filter((recorded) => neighbourOf(recorded) !== '');
      const own = said.answers.filter((_, i) => i !== 1);
      return [
        ...answerProblems(each, wanted, said, 1),
        ...ownAnswers(own, neighbours),
        ...differs(
          'neighbours at the backend',
          neighbours.map(neighbourOf),
          wanted.cut ? ['before'] : ['before', 'after'],
        ),
        ...differs('end', said.end, wanted.cut ? 'reset' : 'closed'),
      ];
    }),
  );
  return verdicts;
}

interface Wanted {
  readonly status: number;
  /** null: the gateway's own. */
  readonly body: string | null;
  /** null: any, such as those in front of what is broken. */
  readonly interim: readonly number[] | null;
  readonly trailers: string;
  readonly cut: boolean;
}

/** What the client must see. */
function wantedOf({ bytes, expect, gateway, general }: ResponseCase, lane: LaneName): Wanted {
  const sees = (lane === 'general' ? general : undefined) ?? gateway;
  const nothing = { interim: [], trailers: '', cut: false };
  const own = { ...nothing, body: null, interim: null };
  if (sees === 'cut') return { ...own, status: 0, cut: true };
  if (typeof sees === 'object') return { ...nothing, ...sees };
  if (typeof sees === 'number') return { ...own, status: sees };
  if (typeof expect !== 'object') return { ...own, status: 502 };
  return { ...nothing, status: Number(bytes.slice(9, 12)), body: expect.body, trailers: expect.trailers ?? '' };
}

/** @param index of the answer to the hostile one */
function answerProblems(each: ResponseCase, wanted: Wanted, said: Talk, index: number): string[] {
  const answer = said.answers[index];
  if (wanted.cut) {
    return [...differs('answers', said.answers.length, index), ...differs('a part of the answer', said.partial, true)];
  }
  if (answer === undefined) return [`no answer: ${said.end}`];
  return [
    ...differs('status', answer.status, wanted.status),
    ...(wanted.interim === null ? [] : differs('interim', said.interim, wanted.interim)),
    ...(wanted.body === null ? [] : differs('body', answer.body, wanted.body)),
    ...differs('trailers', answer.trailers.map(([name, value]) => `${name}: ${value}\r\n`).join(''), wanted.trailers),
    ...(wanted.body === null ? [] : fieldProblems(each, answer)),
  ];
}

// Of this hop, as the gateway may write them itself.
const ownValues: Readonly<Record<string, readonly string[]>> = {
  connection: ['close', 'keep-alive', 'Upgrade'],
  'transfer-encoding': ['chunked'],
};

/** Fields that a hop must not pass on, and any that nobody said. */
function fieldProblems(each: ResponseCase, { fields, status }: Answer): string[] {
  const received = read(each).fields;
  const named = valuesOf(received, 'connection')
    .join()
    .toLowerCase()
    .split(/[ \t]*,[ \t]*/);
  const found: string[] = [];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const own = ownValues[lower];
    if (own !== undefined) found.push(...(own.includes(value) ? [] : [`${name}: ${value}`]));
    else if (['content-length', 'date'].includes(lower))
      found.push(...(/^0\d/.test(value) ? [`${name}: ${value}`] : []));
    else if (/^(?:keep-alive|proxy-connection|proxy-authenticate|te)$/.test(lower))
      found.push(`hop-by-hop field ${name}`);
    else if (lower === 'upgrade') found.push(...(status === 101 ? [] : [`Upgrade: ${value}`]));
    else if (named.includes(lower)) found.push(`field named by Connection: ${name}`);
    else if (!valuesOf(received, lower).includes(value)) found.push(`invented ${name}: ${value}`);
  }
  return found;
}

interface Read {
  /** Of the final response. */
  readonly fields: readonly Field[];
  /** The backend ends the connection. */
  readonly end: boolean;
  /** Why the connection is of no use any more; null if it is. */
  readonly spoils: string | null;
}

/** What the strict reader makes of the whole answer. */
function read({ bytes, method = 'GET', end, expect }: ResponseCase): Read {
  let rest = Buffer.from(bytes, 'latin1');
  for (;;) {
    const reading = readResponse(rest, method, false);
    if (reading.kind === 'broken') {
      // What the codec takes nevertheless is a tolerance of its own, such as a status line without its last space.
      const taken = typeof expect === 'object' && rest.length === bytes.length;
      return { fields: [], end: end ?? false, spoils: taken ? null : reading.reason };
    }
    if (reading.kind === 'incomplete') {
      const fields = reading.head?.fields ?? [];
      return { fields, end: end ?? true, spoils: 'a response that ends with its connection' };
    }
    const { startLine, fields, length } = reading.message;
    rest = rest.subarray(length);
    if (startLine.startsWith('HTTP/1.1 1') && !startLine.includes(' 101 ')) continue;
    // An empty line is no part of any message; undici passes over it, the fast lane closes.
    const spoils = /^(?:\r\n)*$/.test(rest.toString('latin1')) ? null : 'bytes behind a response';
    return { fields, end: end ?? false, spoils };
  }
}
