import { describe, expect, test } from '@jest/globals';
import requests from '../../test/corpus/requests.json' with { type: 'json' };
import responses from '../../test/corpus/responses.json' with { type: 'json' };
import { Authority } from './authority.ts';
import { BadChunk, ChunkedDecoder, Done } from './chunked.ts';
import { connectionOptions, InvalidOptions } from './connection.ts';
import { Chunked, codeOfRefusal, InvalidFraming, requestLength, responseLength, UntilEnd } from './framing.ts';
import { Head, Incomplete, scanRequest, scanResponse, TooManyFields, VersionUnsupported } from './head.ts';
import { Known } from './known.ts';
import { parseTarget, Target } from './target.ts';

/** What one message is: the status that refuses it, or its parts. */
interface Message {
  body: string;
  rest: string;
  trailers?: string;
  untilEnd?: true;
  host?: string;
  target?: string;
}

type Verdict = Message | number | 'incomplete';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const whole = (text: string): Buffer[] => [bytesOf(text)];

/** Feeds `pieces` one after the other, as a connection would: head first, then the body in what is left. */
function read(
  pieces: Buffer[],
  start: (bytes: Buffer, seen: number) => { verdict: number } | { length: number; at: number } | null,
): Verdict {
  let head = Buffer.alloc(0);
  while (pieces.length > 0) {
    const seen = head.length;
    head = Buffer.concat([head, pieces.shift()!]);
    const begun = start(head, seen);
    if (begun === null) continue;
    if ('verdict' in begun) return begun.verdict;
    return readBody(begun.length, [head.subarray(begun.at), ...pieces]);
  }
  return 'incomplete';
}

function readBody(length: number, pieces: Buffer[]): Verdict {
  if (length !== Chunked) {
    const all = Buffer.concat(pieces).toString('latin1');
    if (length === UntilEnd) return { body: all, rest: '', untilEnd: true };
    return all.length < length ? 'incomplete' : { body: all.slice(0, length), rest: all.slice(length) };
  }
  const decoder = new ChunkedDecoder();
  decoder.reset();
  let body = '';
  while (pieces.length > 0) {
    const piece = pieces.shift()!;
    const said = decoder.feed(piece, 0, piece.length);
    if (said === BadChunk) return BadChunk;
    body += piece.toString('latin1', decoder.dataStart, decoder.dataEnd);
    if (said !== Done) continue;
    const rest = Buffer.concat([piece.subarray(decoder.next), ...pieces]).toString('latin1');
    const trailers = decoder.trailers?.toString('latin1');
    return { body, rest, ...(trailers === undefined ? {} : { trailers }) };
  }
  return 'incomplete';
}

const refusals: Record<number, number> = { [TooManyFields]: 431, [VersionUnsupported]: 505 };

function readRequest(pieces: Buffer[]): Verdict {
  const head = new Head();
  const target = new Target();
  const authority = new Authority();
  let text = '';
  const verdict = read(pieces, (bytes, seen) => {
    const at = scanRequest(bytes, 0, bytes.length, head, seen);
    if (at === Incomplete) return null;
    if (at < 0) return { verdict: refusals[at] ?? 400 };
    const method = bytes.toString('latin1', head.start, head.methodEnd);
    const refused = parseTarget(
      bytes,
      head.targetStart,
      head.targetEnd,
      method === 'OPTIONS',
      method === 'CONNECT',
      target,
    );
    if (refused !== null) return { verdict: refused === 'bad-request' ? 400 : 405 };
    if (connectionOptions(bytes, head) & InvalidOptions) return { verdict: 400 };
    const length = requestLength(bytes, head);
    if (typeof length === 'string') return { verdict: codeOfRefusal(length) === 'bad-request' ? 400 : 501 };
    const host = head.known.subarray(0, head.count).indexOf(Known.Host);
    if (host >= 0 && !authority.parse(bytes, head.fields[4 * host + 2]!, head.fields[4 * host + 3]!))
      return { verdict: 400 };
    if (target.form !== 'origin' && target.authorityEnd > 0) {
      if (!authority.parse(bytes, target.authorityStart, target.authorityEnd)) return { verdict: 400 };
    }
    text = `${bytes.toString('latin1', target.pathStart, target.pathEnd)}${bytes.toString('latin1', target.pathEnd, target.queryEnd)}`;
    return { length, at };
  });
  if (verdict === BadChunk) return 400;
  if (typeof verdict !== 'object') return verdict;
  if (target.form === 'asterisk') text = '*';
  else if (!text.startsWith('/')) text = `/${text}`;
  return { ...verdict, host: authority.host, target: text };
}

function readResponse(pieces: Buffer[], method: string): Verdict {
  const head = new Head();
  const verdict = read(pieces, (bytes) => {
    const at = scanResponse(bytes, 0, bytes.length, head);
    if (at === Incomplete) return null;
    if (at < 0) return { verdict: 502 };
    const length = responseLength(bytes, head, method);
    return length === InvalidFraming ? { verdict: 502 } : { length, at };
  });
  return verdict === BadChunk ? 502 : verdict;
}

/** Pieces of one to `most` bytes, from a small seeded generator. */
function split(text: string, seed: number, most: number): Buffer[] {
  const pieces: Buffer[] = [];
  let state = seed;
  for (let at = 0; at < text.length; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const length = 1 + ((state >>> 8) % most);
    pieces.push(bytesOf(text.slice(at, at + length)));
    at += length;
  }
  return pieces;
}

describe('requests', () => {
  test.each(requests)('$name', ({ bytes, expect: expected }) => {
    const verdict = readRequest(whole(bytes));
    // The file tells host and target only where they are the point.
    const wanted =
      typeof expected === 'number' || typeof verdict !== 'object'
        ? expected
        : { ...verdict, trailers: undefined, ...expected };
    expect(verdict).toEqual(wanted);
  });

  // A line end behind each: a refusal may wait for one (see scanRequest).
  const ended = requests.map(({ name, bytes }) => ({ name, bytes: `${bytes}\r\n` }));

  test('any split gives the same message or the same refusal', () => {
    for (const { name, bytes } of ended) {
      const once = readRequest(whole(bytes));
      const most = bytes.length > 2_000 ? 500 : 7;
      for (let seed = 1; seed <= 12; seed++)
        expect([name, readRequest(split(bytes, seed, most))]).toEqual([name, once]);
    }
    for (const { name, bytes } of ended.filter((request) => request.bytes.length < 600)) {
      expect([name, readRequest(split(bytes, 1, 1))]).toEqual([name, readRequest(whole(bytes))]);
    }
  });

  test('damaged ones too, and what is accepted holds no byte that could end a field elsewhere', () => {
    const damage = ['\r', '\n', '\0', ' ', '\t', ':', ',', ';', '0', '\r\n', '\x85', 'f'];
    let state = 11;
    const below = (limit: number): number =>
      ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 8) % limit;
    const short = ended.filter((request) => request.bytes.length < 300);
    let accepted = 0;
    for (let round = 0; round < 6_000; round++) {
      const { bytes } = short[below(short.length)]!;
      const at = below(bytes.length);
      const damaged = `${bytes.slice(0, at)}${damage[below(damage.length)]!}${bytes.slice(at + below(2))}\r\n`;
      const once = readRequest(whole(damaged));
      expect([damaged, readRequest(split(damaged, round + 1, 5))]).toEqual([damaged, once]);
      const head = new Head();
      const end = scanRequest(bytesOf(damaged), 0, damaged.length, head);
      if (end <= 0) continue;
      accepted++;
      const parts = [damaged.slice(head.start, head.targetEnd)];
      for (let i = 0; i < head.count; i++) {
        parts.push(
          damaged.slice(head.fields[4 * i], head.fields[4 * i + 1]),
          damaged.slice(head.fields[4 * i + 2], head.fields[4 * i + 3]),
        );
      }
      // oxlint-disable-next-line no-control-regex -- these very characters
      expect([damaged, parts.filter((part) => /[\r\n\0]/.test(part))]).toEqual([damaged, []]);
      // Nothing stands between the parts but what the grammar puts there.
      const lines = damaged.slice(head.fieldsStart, end).split('\r\n').slice(0, -2);
      expect([damaged, lines.length]).toEqual([damaged, head.count]);
    }
    expect(accepted).toBeGreaterThan(1_000);
  });

  test('nothing is decided before the end of an accepted message', () => {
    for (const { name, bytes, expect: expected } of requests) {
      if (typeof expected === 'number' || bytes.length > 600) continue;
      const length = bytes.length - expected.rest.length;
      for (let cut = 1; cut < length; cut++)
        expect([name, cut, readRequest(whole(bytes.slice(0, cut)))]).toEqual([name, cut, 'incomplete']);
    }
  });
});

describe('responses', () => {
  test.each(responses)('$name', ({ bytes, expect: expected, method }) => {
    const verdict = readResponse(whole(bytes), method ?? 'GET');
    expect(verdict).toEqual(expected);
  });

  test('any split gives the same message or the same refusal', () => {
    for (const { name, bytes, method } of responses) {
      const once = readResponse(whole(bytes), method ?? 'GET');
      const most = bytes.length > 2_000 ? 500 : 7;
      for (let seed = 1; seed <= 12; seed++) {
        expect([name, readResponse(split(bytes, seed, most), method ?? 'GET')]).toEqual([name, once]);
      }
    }
  });
});
