/** Sends each hostile request through a gateway, alone, between two good ones and cut short, and says what was not as it must be. */
import { Buffer } from 'node:buffer';
import { methodOf, type RequestCase } from './corpus.ts';
import { forwardingViolations, normalHost } from './invariants.ts';
import { readRequest, type StrictMessage, valuesOf } from './message.ts';
import { after, before, neighbourOf } from './neighbours.ts';
import { type TalkOptions, talk } from './talk.ts';
import { together } from './together.ts';
import { createVerdict, differs, ownAnswers, type Seen, type Verdict } from './verdict.ts';
import type { LaneName, World } from './world.ts';

/** At once, over all inputs: enough that answers could be mixed up. */
const Connections = 16;

export async function runRequests(world: World, lane: LaneName, cases: readonly RequestCase[]): Promise<Verdict[]> {
  const send = { world, lane };
  return (await together(cases, Connections, (each) => runOne(send, each))).flat();
}

interface Where {
  readonly world: World;
  readonly lane: LaneName;
}

async function runOne(where: Where, each: RequestCase): Promise<Verdict[]> {
  const expected = each.gateway ?? each.expect;
  if (typeof expected === 'number')
    return expected < 400 ? [await answered(where, each, expected)] : refused(where, each, expected);
  return accepted(where, each);
}

/** Refused, and the connection is over: what is behind it is never looked at, what was before it got its answer. */
async function refused(where: Where, each: RequestCase, status: number): Promise<Verdict[]> {
  const methods = [methodOf(each.bytes)];
  const alone = await ask(where, { bytes: each.bytes, methods, answers: Infinity });
  const between = await ask(where, {
    bytes: before + each.bytes + after,
    methods: ['GET', ...methods],
    answers: Infinity,
  });
  return [
    createVerdict(each.name, 'alone', alone, ({ answers, end }, requests) => [
      ...differs(
        'status',
        answers.map((answer) => answer.status),
        [status],
      ),
      ...differs('end', end, 'closed'),
      ...differs(
        'Connection',
        answers.flatMap(({ fields }) => valuesOf(fields, 'connection')),
        ['close'],
      ),
      ...differs('requests at the backend', requests.length, 0),
    ]),
    createVerdict(each.name, 'between', between, ({ answers, end }, requests) => [
      ...differs(
        'status',
        answers.map((answer) => answer.status),
        [200, status],
      ),
      ...differs('end', end, 'closed'),
      ...ownAnswers(answers.slice(0, 1), requests),
      ...differs('neighbours at the backend', requests.map(neighbourOf), ['before']),
    ]),
  ];
}

/** Answered by the gateway itself, in order. */
async function answered(where: Where, each: RequestCase, status: number): Promise<Verdict> {
  const between = await ask(where, {
    bytes: before + each.bytes + after,
    methods: ['GET', methodOf(each.bytes)],
    answers: Infinity,
  });
  return createVerdict(each.name, 'between', between, ({ answers, end }, requests) => [
    ...differs(
      'status',
      answers.map((answer) => answer.status),
      [200, status, 200],
    ),
    ...differs('end', end, 'closed'),
    ...ownAnswers(
      answers.filter((_, i) => i !== 1),
      requests,
    ),
    ...differs('neighbours at the backend', requests.map(neighbourOf), ['before', 'after']),
  ]);
}

/** Forwarded: the message that it is, byte for byte, and its own answer. */
async function accepted(where: Where, each: RequestCase): Promise<Verdict[]> {
  const { rest } = each.expect as { rest: string };
  const methods = [methodOf(each.bytes)];
  const asked = strictly(each.bytes);
  const persists = asked !== null && persistsAfter(asked);
  const alone = await ask(where, { bytes: each.bytes, methods, answers: 1 });
  const verdicts = [
    createVerdict(each.name, 'alone', alone, ({ answers }, requests, address) => [
      ...differs(
        'status',
        answers.slice(0, 1).map((answer) => answer.status),
        [200],
      ),
      ...ownAnswers(answers.slice(0, 1), requests),
      ...(asked === null
        ? ['accepted, though no strict HTTP/1.1']
        : requests.slice(0, 1).flatMap(({ message }) => messageProblems(each, asked, message, address))),
    ]),
  ];
  const bytes = before + each.bytes + (rest === '' ? after : '');
  const expected = rest === '' && persists ? ['before', '', 'after'] : ['before', ''];
  const between = await ask(where, {
    bytes,
    methods: ['GET', ...methods],
    answers: rest === '' ? Infinity : 2,
  });
  verdicts.push(
    createVerdict(each.name, 'between', between, ({ answers }, requests) => [
      ...differs(
        'status',
        answers.slice(0, expected.length).map((answer) => answer.status),
        expected.map(() => 200),
      ),
      ...ownAnswers(
        answers.filter((answer) => answer.id !== null),
        requests,
      ),
      ...differs('neighbours at the backend', requests.slice(0, expected.length).map(neighbourOf), expected),
    ]),
  );
  const length = each.bytes.length - rest.length;
  for (const cut of new Set([1, length >> 1, length - 1])) {
    const short = await ask(where, { bytes: each.bytes.slice(0, cut), methods, answers: Infinity, finish: true });
    verdicts.push(
      createVerdict(each.name, `cut after ${cut}`, short, ({ answers }, requests) => [
        ...differs('answers', answers.filter(({ id }) => id !== null).length, 0),
        ...differs('requests at the backend', requests.length, 0),
      ]),
    );
  }
  return verdicts;
}

type Asking = Omit<TalkOptions, 'port' | 'address'>;

async function ask({ world, lane }: Where, asking: Asking): Promise<Seen> {
  const address = world.address();
  const said = await talk({ ...asking, port: world.port(lane), address });
  return { talk: said, address, requests: () => world.recorders[lane].of(address) };
}

function messageProblems(each: RequestCase, asked: StrictMessage, sent: StrictMessage, address: string): string[] {
  const { body, host, target, trailers = '' } = each.expect as Exclude<RequestCase['expect'], number>;
  const wanted = each.forwards ?? target ?? asked.startLine.split(' ')[1];
  return [
    ...forwardingViolations(asked, sent, address),
    ...differs('body', sent.body.toString('latin1'), body),
    ...differs('target', sent.startLine.split(' ')[1], wanted),
    ...(host === undefined ? [] : differs('Host', normalHost(valuesOf(sent.fields, 'host').join()), host)),
    // The general client has no place for trailers: they may be missing, but none may be another.
    ...sent.trailers.map(([name, value]) => `${name}: ${value}\r\n`).filter((line) => !trailers.includes(line)),
  ];
}

/** RFC 9112 2.2 lets a server skip one empty line before a request. */
function strictly(bytes: string): StrictMessage | null {
  const reading = readRequest(Buffer.from(bytes.replace(/^\r\n/, ''), 'latin1'));
  return reading.kind === 'message' ? reading.message : null;
}

function persistsAfter({ startLine, fields }: StrictMessage): boolean {
  const options = valuesOf(fields, 'connection')
    .join()
    .toLowerCase()
    .split(/[ \t]*,[ \t]*/);
  return !options.includes('close') && (startLine.endsWith('1.1') || options.includes('keep-alive'));
}
