/** Makes request streams: one to three messages, mostly right, each production sometimes nearly right. */
import { connectionLine, fieldLine, framed, line, lineEnd, spelled } from './grammar.ts';
import type { Random } from './random.ts';

const methods = ['GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'];
const strangeMethods = [
  'CONNECT',
  'TRACE',
  'get',
  'G',
  'QUERY',
  'PRI',
  'PROPFIND',
  'GE T',
  'GET\t',
  'G\0T',
  ' GET',
  'GET ',
  '',
  'G{T',
  'G\xe4T',
  'POST\r',
  'M-SEARCH',
  'PURGE',
  'SOURCE',
  'FOO',
  'ANNOUNCE',
  'HTTP/1.1',
  'GET:',
  '\nGET',
  '\r\nGET',
  '\r\n\r\nGET',
  "!#$%&'*+-.^_`|~",
  'LINK',
  'DESCRIBE',
  'OPTION',
  'HEADD',
  'SUBSCRIBE',
  'UNLOCK',
  'MKCALENDAR',
];
const targets = [
  '/',
  '/a',
  '/a?b=c',
  '/a/b/',
  '/a%20b',
  '/%41',
  '/a;b',
  '/a/./b',
  '/a//b',
  '/a/../b',
  '/a?x=/../y',
  '/~a',
  '/a:b@c',
  '/?',
  '/a?b?c',
  '/a&b',
  '/a|b',
  '/{a}',
  '/a"b',
  '/<a>',
  "/a'b",
  '/[a]',
  '/a^b',
  '/a`b',
  '/*',
];
const strangeTargets = [
  '*',
  'http://a.example/x',
  'http://a.example',
  'http://a.example?q',
  'HTTP://A.EXAMPLE/x',
  'https://a.example/',
  'http://b.example:81/x',
  'http://u@a.example/',
  'http:///x',
  'http://',
  'http:/x',
  'http:x',
  'ftp://a/',
  'a.example:80',
  'a',
  '',
  '/a#b',
  '/#',
  '/%',
  '/%0',
  '/%zz',
  '/%00',
  '/a b',
  '/a\tb',
  '/\xe4',
  '/\x7f',
  '/\0',
  '/..',
  '/../..',
  '/a/..%2f',
  '/%2e%2e/',
  '/a\\b',
  '//',
  '///a',
  '//b.example/x',
  '?',
  '?a',
  '/?#',
  'http://a.example#f',
  'http://[::1]/x',
  'http://[::1]:80/',
  'http://a.example:/',
  'http://a.example:99999/',
  'h2://a/',
  'http://a\\b/',
  'http://a.example\\@b/',
  '/\x0b',
  'http://a.example/?',
  '/a\x85',
  'http://a_b.example/',
  'http://a.example./x',
  'http://a%41/',
  '.',
  '..',
  '/.',
  '/..a',
  '/.;/a',
  '/%c0%af',
  '/%ff',
  `/${'x'.repeat(500)}`,
];
const versions = [
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/1.1 ',
  ' HTTP/1.1',
  'HTTP/1,1',
  'HTTP/11',
  'HTTP/1.10',
  'HTTP/01.1',
  'HTTP/ 1.1',
  'HTTPS/1.1',
  'RTSP/1.0',
  'ICE/1.0',
  '',
  'HTTP/1.\xb1',
  'HTTP /1.1',
  'HTTP/1.1\0',
];
const hosts = [
  'a.example',
  'a.example',
  'a.example',
  'A.example',
  'b.example:80',
  'a.example:8080',
  '[::1]',
  '127.0.0.1',
  'a_b.example',
  'a.example.',
];
const strangeHosts = [
  '',
  ' ',
  'a b',
  'a/b',
  'u@a.example',
  'a.example, b.example',
  'a.example:99999',
  'a.example:0',
  'a.example:',
  'a.example:x',
  ':80',
  'a..b',
  '.a',
  '[::1',
  '[::1]x',
  '[::1]:',
  '::1',
  'a.example\0',
  '\xe4',
  'a.example\tb',
  'a#b',
  'a?b',
  'a\\b',
  '*',
  '*.example',
  '-a',
  '~a',
  'a%41',
  '%',
  'a;b',
  '"a"',
  '[::1%25eth0]',
  '[v1.a]',
  '[]',
  'a.example:+80',
  'a.example: 80',
  'a.example:080',
  '1',
  '0x7f.1',
  'x'.repeat(300),
  '..',
  '.',
  '-',
  'a,b',
  "a'b",
  'a!b',
  'a$b',
  '{a}',
];

/** @returns Latin-1 text */
export function makeRequests(random: Random): string {
  let text = '';
  for (let i = random.chance(1, 3) ? 1 + random.below(3) : 1; i > 0; i--) text += makeRequest(random);
  return text;
}

function makeRequest(random: Random): string {
  const method = random.odd(25) ? random.pick(strangeMethods) : random.pick(methods);
  const target = random.odd(8) ? random.pick(strangeTargets) : random.pick(targets);
  const version = random.odd(25) ? random.pick(versions) : 'HTTP/1.1';
  const space = random.odd(200) ? random.pick(['  ', '\t', '', '\x0b', '\xa0', '\r']) : ' ';
  const body = framed(random, !/^P[OUA]/.test(method));
  const lines = [...body.lines];
  if (!random.odd(60)) lines.push(hostLine(random));
  if (random.odd(80)) lines.push(hostLine(random));
  if (random.chance(1, 8)) lines.push(connectionLine(random));
  if (random.chance(1, 25))
    lines.push(line(random, 'Upgrade', random.pick(['websocket', 'h2c', 'foo', 'h2', 'websocket, h2c', '', ','])));
  if (random.odd(40))
    lines.push(line(random, 'Expect', random.pick(['100-continue', '100-Continue', 'foo', '100-continue, foo', ''])));
  for (let i = random.below(4); i > 0; i--) lines.push(fieldLine(random));
  if (random.odd(400)) for (let i = 90 + random.below(50); i > 0; i--) lines.push(`X-${i}: a\r\n`);
  shuffle(lines, random);
  const front = random.odd(60) ? random.pick(['\r\n', '\r\n\r\n', '\n', '\r', ' ', '\0']) : '';
  return `${front}${method}${space}${target}${space}${version}${lineEnd(random)}${lines.join('')}${lineEnd(random)}${body.body}`;
}

function hostLine(random: Random): string {
  return line(random, spelled(random, 'Host'), random.odd(15) ? random.pick(strangeHosts) : random.pick(hosts));
}

function shuffle(lines: string[], random: Random): void {
  for (let i = lines.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
  }
}
