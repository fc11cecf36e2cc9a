/** Each invariant has bytes that trip it, and good traffic trips none. */
import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { forwardingViolations, type Logged, logViolations, violationsOf } from './invariants.ts';
import { readRequest, type StrictMessage } from './message.ts';

const own = 'X-Forwarded-For: 127.0.0.9\r\nX-Real-IP: 127.0.0.9\r\n';
const get = (lines = '', target = '/'): string => `GET ${target} HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n`;
const chunked = (body: string): string => get('Transfer-Encoding: chunked\r\n') + body;

function of(text: string, more: { spoilt?: { at: number; by: string }; tunnelAt?: number } = {}): string[] {
  const { spoilt = null, tunnelAt = null } = more;
  return violationsOf({ bytes: Buffer.from(text, 'latin1'), spoilt, tunnelAt });
}

function messageOf(text: string): StrictMessage {
  const reading = readRequest(Buffer.from(text, 'latin1'));
  if (reading.kind !== 'message') throw new Error(JSON.stringify(reading));
  return reading.message;
}

describe('the bytes of one connection', () => {
  test('good ones break nothing', () => {
    const good = [
      get('Connection: keep-alive\r\n'),
      get('Content-Length: 2\r\n') + 'hi',
      chunked('2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n'),
      get('Connection: TE\r\nTE: trailers\r\n'),
      get('Connection: Upgrade\r\nUpgrade: websocket\r\n'),
      get('', '*'),
    ];
    expect(of(good.join(''))).toEqual([]);
  });

  test.each([
    ['a line feed alone', get('X: a\nY: b\r\n'), 'field line "X: a\\nY: b"'],
    ['NUL in a value', get('X: \0\r\n'), 'field line "X: \\u0000"'],
    ['a name that is no token', get('X Y: a\r\n'), 'field line "X Y: a"'],
    [
      'length and coding',
      get('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'),
      'Content-Length and Transfer-Encoding',
    ],
    ['two lengths', get('Content-Length: 0\r\nContent-Length: 0\r\n'), 'Content-Length twice'],
    ['a length that is not normalised', get('Content-Length: 00\r\n'), 'Content-Length 00 is not normalised'],
    ['an extension', chunked('0;a=b\r\n\r\n'), 'chunk extension "a=b"'],
    ['a trailer that must not come late', chunked('0\r\nContent_Length: 1\r\n\r\n'), 'trailer Content_Length'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', '0 Host fields'],
    ['two Hosts', get('host: a.example\r\n'), '2 Host fields'],
    ['HTTP/1.0', get().replace('/1.1', '/1.0'), 'version: GET / HTTP/1.0'],
    ['an absolute target', get('', 'http://a.example/'), 'target http://a.example/'],
    ['Keep-Alive', get('Keep-Alive: timeout=5\r\n'), 'hop-by-hop field keep-alive'],
    ['Proxy-Connection', get('Proxy-Connection: close\r\n'), 'hop-by-hop field proxy-connection'],
    ['Proxy-Authorization', get('Proxy-Authorization: a\r\n'), 'hop-by-hop field proxy-authorization'],
    ['HTTP2-Settings', get('HTTP2-Settings: a\r\n'), 'hop-by-hop field http2-settings'],
    ['a name in Connection', get('Connection: X-A\r\n'), 'Connection: x-a'],
    ['Upgrade without its option', get('Upgrade: websocket\r\n'), 'Upgrade and its option differ'],
    ['h2c', get('Connection: Upgrade\r\nUpgrade: h2c\r\n'), 'Upgrade: h2c'],
    ['TE without its option', get('TE: trailers\r\n'), 'TE: trailers'],
    ['TE with another coding', get('Connection: TE\r\nTE: gzip\r\n'), 'TE: gzip'],
    ['a broken head that is not whole', 'GET / HTTP/1.1\r\nX: a\0', 'control character "\\u0000" in the head'],
    ['a head without its body', get('Keep-Alive: 1\r\nContent-Length: 9\r\n'), 'hop-by-hop field keep-alive'],
  ])('%s is found', (_, text, violation) => {
    expect(of(get() + text)).toEqual([violation]);
  });

  test('nothing may come after an answer that nobody may trust', () => {
    const spoilt = { at: get().length, by: 'two lengths' };
    expect(of(get(), { spoilt })).toEqual([]);
    expect(of(get() + get(), { spoilt })).toEqual(['used again after two lengths']);
  });

  test('what is in a tunnel is no HTTP', () => {
    expect(of(`${get()}\x81\x05hello`, { tunnelAt: get().length })).toEqual([]);
    expect(of(`${get()}\x81\x05hello\r\n\r\n`)).toHaveLength(1);
  });
});

describe('what was made of a request', () => {
  const made = (asked: string, sent: string): string[] =>
    forwardingViolations(messageOf(asked), messageOf(sent), '127.0.0.9');

  test.each([
    ['the same', get('X: a\r\n'), get(`X: a\r\n${own}`), []],
    [
      'a field named by Connection',
      get('Connection: X-A\r\nX-A: 1\r\n'),
      get(`X-A: 1\r\n${own}`),
      ['field named by Connection: x-a'],
    ],
    ['a field that nobody sent', get(), get(`X-A: 1\r\n${own}`), ['invented X-A: 1']],
    ['a value that nobody sent', get('X-A: 1\r\n'), get(`X-A: 2\r\n${own}`), ['invented X-A: 2']],
    [
      'another address',
      get(),
      get(own.replace('For: 127.0.0.9', 'For: 1.1.1.1')),
      ['x-forwarded-for: 1.1.1.1, not 127.0.0.9'],
    ],
    [
      'an address in front',
      get(),
      get(own.replace('For: ', 'For: 1.1.1.1, ')),
      ['x-forwarded-for: 1.1.1.1, 127.0.0.9, not 127.0.0.9'],
    ],
    ['no address', get(), get('X-Forwarded-For: 127.0.0.9\r\n'), ['x-real-ip: , not 127.0.0.9']],
    [
      'an identity',
      get('X-Original-URL: /\r\n'),
      get(`X-Original-URL: /\r\n${own}`),
      ['identity X-Original-URL of an untrusted client'],
    ],
    ['another method', get(), get(own).replace('GET', 'PUT'), ['method: PUT / HTTP/1.1']],
    ['another body', get(), `${get(`Content-Length: 1\r\n${own}`)}a`, ["body of 1 bytes, not the client's 0"]],
  ])('%s: %j', (_, asked, sent, violations) => {
    expect(made(asked, sent)).toEqual(violations);
  });
});

describe('against the access log', () => {
  const line: Logged = {
    clientAddress: '127.0.0.9',
    method: 'GET',
    host: 'a.example',
    status: 200,
    flag: '',
    requestId: 'one',
    upstreamDuration: 10,
    attempts: 1,
  };
  const one = messageOf(get('X-Request-Id: one\r\n'));
  const logged = (requests: readonly StrictMessage[], lines: readonly Logged[]): string[] =>
    logViolations(requests, lines, /^127\.0\.0\.1:80$/);

  test('as many as logged is right, and so is one that was cut off', () => {
    expect(logged([one], [line])).toEqual([]);
    expect(logged([], [{ ...line, upstreamDuration: -1, status: 400 }])).toEqual([]);
  });

  test.each([
    ['one that is not logged', [one], [], ['not in the access log: GET / HTTP/1.1 one']],
    ['three for one attempt', [one, one, one], [line], ['3 requests, but 1 attempts logged: one']],
    [
      'two for one attempt of POST',
      [one, one],
      [{ ...line, method: 'POST' }],
      ['2 requests, but 1 attempts logged: one'],
    ],
    ['an answer without a request', [], [line], ['answered from upstream, but never seen there: one']],
    [
      'another host than was routed',
      [one],
      [{ ...line, host: 'b.example' }],
      ['Host a.example, but b.example was routed'],
    ],
    ['a host where none was named', [one], [{ ...line, host: '' }], ['Host a.example, but  was routed']],
  ])('%s is found', (_, requests, lines, violations) => {
    expect(logged(requests, lines)).toEqual(violations);
  });
});
