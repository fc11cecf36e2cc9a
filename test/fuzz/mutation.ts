/** Damages a message: the operators of the fuzzer. They know lines, fields and numbers, and some know nothing at all. */
import type { Random } from './random.ts';

type Operator = (text: string, random: Random, others: readonly string[]) => string;

const dangerous = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '0',
  '\r\n',
  '\x85',
  'f',
  '\x0b',
  '\xa0',
  '\x7f',
  '\x01',
  '"',
  '\r\n ',
  '\r\n\t',
  '\r\n\r\n',
  '/',
  '#',
  '%',
  '-',
  '_',
  '\\',
  'HTTP/1.1',
  '\n\n',
  '=',
];
const inserted = [
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 3',
  'content-length:5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'transfer-encoding:\tchunked',
  'Transfer-Encoding : chunked',
  ' Transfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding: chunked\0',
  'Transfer-Encoding\0: chunked',
  'Content-Length: 5\0',
  'Host: b.example',
  'Host : b.example',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: Transfer-Encoding',
  ': x',
  'x',
  ' x',
  '\tx: y',
  'X:',
  'X: \x01',
  'X: \r',
  'Trailer: X',
  'TE: trailers',
  'Expect: 100-continue',
  'Upgrade: websocket\r\nConnection: upgrade',
  'Content-Length: 5\r\n ',
  'Content-Length:\r\n 5',
  'GET / HTTP/1.1',
  '',
  'Transfer-Encoding: xchunked',
  'Content-Length: 5, 5',
];

const operators: readonly Operator[] = [
  onLines((lines, random) => void lines.splice(random.below(lines.length), 0, random.pick(lines))),
  onLines((lines, random) => void lines.splice(random.below(lines.length), 1)),
  onLines((lines, random) => {
    const [i, j] = [random.below(lines.length), random.below(lines.length)];
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
  }),
  onLines((lines, random) => void lines.splice(1 + random.below(lines.length), 0, random.pick(inserted))),
  onLines((lines, random) => void lines.splice(1 + random.below(lines.length), 0, random.pick(inserted))),
  // A line of another message.
  (text, random, others) =>
    onLines(
      (lines) => void lines.splice(random.below(lines.length), 0, random.pick(random.pick(others).split('\r\n'))),
    )(text, random, others),
  // The beginning of one and the end of another.
  (text, random, others) => {
    const other = random.pick(others);
    return text.slice(0, random.below(text.length + 1)) + other.slice(random.below(other.length + 1));
  },
  // Both, one after the other.
  (text, random, others) => (random.chance(1, 2) ? text + random.pick(others) : random.pick(others) + text),
  insertAt((random) => random.pick(dangerous)),
  insertAt((random) => random.pick(dangerous)),
  replaceAt((random) => random.pick(dangerous)),
  replaceAt((random) => String.fromCharCode(random.below(256))),
  replaceAt((random, byte) => String.fromCharCode(byte ^ (1 << random.below(8)))),
  replaceAt(() => ''),
  // Line ends.
  (text, random) =>
    replaceOne(
      text,
      /\r\n/g,
      random,
      random.pick(['\n', '\r', '\r\r\n', '\r\n\r\n', '', '\n\r', '\r\n ', ' \r\n', '\0\r\n', '\r\n\t']),
    ),
  // White space.
  (text, random) =>
    replaceOne(
      text,
      /[ \t:,;=]/g,
      random,
      random.pick(['', ' ', '\t', '  ', ' : ', ':', ', ', '\x0b', '\x0c', '\xa0', '\r\n ']),
    ),
  // Case.
  (text, random) =>
    replaceOne(text, /[A-Za-z]+/g, random, (word) => (random.chance(1, 2) ? word.toUpperCase() : word.toLowerCase())),
  // Numbers: lengths, chunk sizes, versions, ports.
  (text, random) =>
    replaceOne(text, /[0-9a-fA-F]+/g, random, (digits) =>
      random.pick([
        '0',
        '1',
        '',
        `0${digits}`,
        `${digits}0`,
        `+${digits}`,
        `-${digits}`,
        `0x${digits}`,
        `${digits}.`,
        `${digits} `,
        ` ${digits}`,
        'ffffffffffffffff',
        '10000000000000000',
        '9007199254740992',
        String(Number.parseInt(digits, 10) + 1),
        `${digits};`,
        `${digits},${digits}`,
      ]),
    ),
  // Cut off.
  (text, random) => text.slice(0, random.below(text.length + 1)),
  // A part twice.
  (text, random) => {
    const from = random.below(text.length + 1);
    const to = from + random.below(Math.min(80, text.length - from + 1));
    return text.slice(0, to) + text.slice(from);
  },
];

/** No message of interest needs more, and each byte is read by three parsers. */
const MaxLength = 20_000;

/** @param others messages that may be spliced in */
export function mutate(text: string, random: Random, others: readonly string[]): string {
  let mutated = text;
  for (let i = 1 + random.below(random.chance(1, 4) ? 6 : 2); i > 0; i--)
    mutated = random.pick(operators)(mutated, random, others);
  return mutated.slice(0, MaxLength);
}

function onLines(change: (lines: string[], random: Random) => void): Operator {
  return (text, random) => {
    const lines = text.split('\r\n');
    change(lines, random);
    return lines.join('\r\n');
  };
}

function insertAt(what: (random: Random) => string): Operator {
  return (text, random) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + what(random) + text.slice(at);
  };
}

function replaceAt(what: (random: Random, byte: number) => string): Operator {
  return (text, random) => {
    if (text === '') return text;
    const at = random.below(text.length);
    return text.slice(0, at) + what(random, text.charCodeAt(at)) + text.slice(at + 1);
  };
}

function replaceOne(text: string, pattern: RegExp, random: Random, by: string | ((found: string) => string)): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const match = random.pick(found);
  const replacement = typeof by === 'string' ? by : by(match[0]);
  return text.slice(0, match.index) + replacement + text.slice(match.index + match[0].length);
}
