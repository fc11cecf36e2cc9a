/** Makes what a backend may answer: informational responses, the final one, and sometimes bytes behind it. */
import { connectionLine, fieldLine, framed, line, lineEnd } from './grammar.ts';
import type { Random } from './random.ts';

const statuses = [
  '200 OK',
  '200 OK',
  '200 OK',
  '404 Not Found',
  '500 ',
  '301 Moved',
  '200',
  '206 Partial Content',
  '204 No Content',
  '304 Not Modified',
  '205 Reset Content',
  '503 a b c',
  '299 \xe4',
  '999 Denied',
  '418 "t"',
]; // prettier-ignore
const strangeStatuses = [
  '099 A',
  '1000 A',
  '20 A',
  '2000 A',
  'abc OK',
  '200OK',
  '200\tOK',
  ' 200 OK',
  '200  OK',
  '+20 OK',
  '-20 OK',
  '2 0 OK',
  '200 O\x01K',
  '200 O\0K',
  '200 O\x7fK',
  '200 O\rK',
  '200 O\nK',
  '600 A',
  '0 A',
  '',
  '\xb200 A',
  '200 \t',
  '200 OK ',
  '101 Switching Protocols',
  '100 Continue',
]; // prettier-ignore
const versions = [
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2',
  'HTTP/2.0',
  'http/1.1',
  'HTTP/0.9',
  'HTTP/1.1\0',
  'HTTP/11',
  'ICY',
  'HTTP/1.01',
  'HTTPS/1.1',
  ' HTTP/1.1',
  '',
  'RTSP/1.0',
  'HTTP/1,1',
]; // prettier-ignore
const informational = ['100 Continue', '103 Early Hints', '102 Processing', '199 A', '100'];

/** @returns Latin-1 text */
export function makeResponse(random: Random): string {
  let text = '';
  if (random.chance(1, 10))
    for (let i = 1 + random.below(2); i > 0; i--) text += makeMessage(random, random.pick(informational), false);
  const status = random.odd(20) ? random.pick(strangeStatuses) : random.pick(statuses);
  text += makeMessage(random, status, !random.chance(1, 10) || !/^(?:1|204|304)/.test(status));
  if (random.chance(1, 25)) text += random.pick(['\r\n', 'x', '\0', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n']);
  return text;
}

function makeMessage(random: Random, status: string, withBody: boolean): string {
  const version = random.odd(25) ? random.pick(versions) : random.chance(1, 12) ? 'HTTP/1.0' : 'HTTP/1.1';
  const space = random.odd(100) ? random.pick(['  ', '\t', '', '\x0b', '\xa0']) : ' ';
  const { lines, body } = withBody ? framed(random, random.chance(1, 2)) : { lines: [], body: '' };
  const all = [...lines];
  if (random.chance(1, 8)) all.push(connectionLine(random));
  if (random.chance(1, 30)) all.push(line(random, 'Upgrade', random.pick(['websocket', 'h2c', 'foo'])));
  for (let i = random.below(4); i > 0; i--) all.splice(random.below(all.length + 1), 0, fieldLine(random));
  if (random.odd(400)) for (let i = 90 + random.below(50); i > 0; i--) all.push(`X-${i}: a\r\n`);
  // Without a frame it lasts until the connection ends.
  const rest =
    withBody && lines.length === 0 ? random.pick(['', 'hello', '0\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n']) : body;
  return `${version}${space}${status}${lineEnd(random)}${all.join('')}${lineEnd(random)}${rest}`;
}
