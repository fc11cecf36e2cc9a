/** The strict reader must be strict: each rule of the grammar has an input that breaks it. */
import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { readRequest, readResponse } from './message.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const request = (text: string): string => {
  const reading = readRequest(bytesOf(text));
  return reading.kind === 'broken' ? reading.reason : reading.kind;
};
const withLine = (line: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;
const chunked = (body: string): string => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;

describe('requests', () => {
  test.each([
    ['a request', withLine('X: a'), '', []],
    ['a length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET', 'hi', []],
    ['chunks', chunked('2;a="b;\\"c"\r\nhi\r\n0\r\n\r\nGET'), 'hi', []],
    ['trailers', chunked('0\r\nX-Sum: 1\r\n\r\n'), '', [['X-Sum', '1']]],
  ])('%s is read', (_, text, body, trailers) => {
    const reading = readRequest(bytesOf(text));
    if (reading.kind !== 'message') throw new Error(JSON.stringify(reading));
    expect([reading.message.body.toString(), reading.message.trailers]).toEqual([body, trailers]);
    expect(text.slice(reading.message.length)).toBe(text.endsWith('GET') ? 'GET' : '');
  });

  test.each([
    ['a bare LF', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 'start line "GET / HTTP/1.1\\nHost: a"'],
    ['a bare CR', withLine('X: a\rb'), 'field line "X: a\\rb"'],
    ['NUL in a value', withLine('X: a\0'), 'field line "X: a\\u0000"'],
    ['a control character in a value', withLine('X: a\x01b'), 'field line "X: a\\u0001b"'],
    ['DEL in a value', withLine('X: \x7f'), 'field line "X: \x7f"'],
    ['a name that is no token', withLine('X Y: a'), 'field line "X Y: a"'],
    ['an empty name', withLine(': a'), 'field line ": a"'],
    ['a space before the colon', withLine('X : a'), 'field line "X : a"'],
    ['obs-fold', withLine('X: a\r\n b'), 'field line " b"'],
    ['an empty line before the request', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 'start line ""'],
    ['a fragment', 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n', 'start line "GET /#a HTTP/1.1"'],
    ['two spaces', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 'start line "GET  / HTTP/1.1"'],
    ['another version', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 'start line "GET / HTTP/1.2"'],
    ['a length with a sign', withLine('Content-Length: +1'), 'Content-Length "+1"'],
    ['two lengths', withLine('Content-Length: 1\r\nContent-Length: 1'), 'Content-Length twice'],
    [
      'length and coding',
      withLine('Content-Length: 1\r\nTransfer-Encoding: chunked'),
      'Content-Length and Transfer-Encoding',
    ],
    ['two codings', withLine('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'), 'Transfer-Encoding twice'],
    ['another coding', withLine('Transfer-Encoding: gzip'), 'Transfer-Encoding "gzip"'],
    ['a chunk size with a sign', chunked('+1\r\na\r\n0\r\n\r\n'), 'chunk line "+1"'],
    ['a chunk size beyond all numbers', chunked('fffffffffffffff\r\n'), 'chunk size fffffffffffffff'],
    ['an extension without a name', chunked('1;\r\na\r\n0\r\n\r\n'), 'chunk line "1;"'],
    ['chunk data that is too long', chunked('1\r\nab\r\n0\r\n\r\n'), '"b\\r" behind a chunk'],
    ['a bare LF behind a size', chunked('1\na\r\n0\r\n\r\n'), 'a bare CR or LF in a chunk line or trailer'],
    ['a trailer that is no field', chunked('0\r\nX\r\n\r\n'), 'field line "X"'],
    ['a bare LF in a head that is not whole', 'GET / HTTP/1.1\nHost', 'a bare CR or LF in the head'],
    ['NUL in a head that is not whole', 'GET /\0', 'control character "\\u0000" in the head'],
  ])('%s is not', (_, text, reason) => {
    expect(request(text)).toBe(reason);
  });

  test('what may still become a message is not decided', () => {
    const text = chunked('5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n');
    for (let cut = 0; cut < text.length; cut++) expect([cut, request(text.slice(0, cut))]).toEqual([cut, 'incomplete']);
    expect(request(text)).toBe('message');
  });
});

describe('responses', () => {
  test.each([
    ['no space behind the status', 'HTTP/1.1 200\r\n\r\n', 'start line "HTTP/1.1 200"'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'start line "HTTP/1.1 20 OK"'],
    ['a control character in the reason', 'HTTP/1.1 200 O\x01K\r\n\r\n', 'start line "HTTP/1.1 200 O\\u0001K"'],
    [
      'two lengths, though 204 has no body',
      'HTTP/1.1 204 \r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
      'Content-Length twice',
    ],
  ])('%s is broken', (_, text, reason) => {
    expect(readResponse(bytesOf(text), 'GET', true)).toEqual({ kind: 'broken', reason });
  });

  test('no body belongs to HEAD, 1xx, 204 and 304; without a length all others last until the end', () => {
    const read = (text: string, method: string, ended: boolean): string => {
      const reading = readResponse(bytesOf(text), method, ended);
      return reading.kind === 'message' ? reading.message.body.toString() : reading.kind;
    };
    const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
    expect([read(ok, 'GET', false), read(ok, 'HEAD', false), read(ok.slice(0, -1), 'GET', true)]).toEqual([
      'hi',
      '',
      'incomplete',
    ]);
    for (const status of [100, 103, 204, 304]) expect(read(ok.replace('200', String(status)), 'GET', false)).toBe('');
    const open = 'HTTP/1.1 200 OK\r\n\r\nhi';
    expect([read(open, 'GET', false), read(open, 'GET', true)]).toEqual(['incomplete', 'hi']);
  });
});
