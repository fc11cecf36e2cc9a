/** The field lines and bodies that requests and responses have in common: mostly right, sometimes nearly right. Used by both grammars. */
import type { Random } from './random.ts';

const names = [
  'Accept',
  'X-A',
  'x-b',
  'Cookie',
  'User-Agent',
  'X-Forwarded-For',
  'TE',
  'Trailer',
  'Keep-Alive',
  'Via',
  'Content-Type',
  'Authorization',
  'X_Y',
  'Content_Length',
  'Transfer_Encoding',
  'Proxy-Connection',
  'Date',
  'Range',
  'Forwarded',
  'Origin',
  "!#$%&'*+-.^_`|~",
  'Content-Lengt',
  'Content-Lengthh',
  'Transfer-Encodin',
  'Hos',
  'Hostt',
  'C',
  'Content-Encoding',
  'X-Http-Method-Override',
  'Cache-Control',
  'Set-Cookie',
  'HTTP2-Settings',
  'Proxy',
  'Proxy-Authorization',
  'X-Envoy-Original-Path',
  'X-Forwarded-User',
  'X-Real-IP',
  'X-Request-Id',
  'X-Original-URL',
];
const values = [
  '',
  'a',
  'a b',
  ' a',
  'a ',
  '\ta\t',
  '"quoted, text"',
  'chunked',
  '5',
  '0',
  'a,b',
  ',',
  'close',
  'x=1; y=2',
  '\xe4\xf6',
  '\x80',
  '\xa0',
  ';',
  ':',
  'a: b',
  'text/plain',
  'Basic YTpi',
  'trailers',
  '192.0.2.1',
  'gzip',
  '%0d%0a',
  '\\r\\n',
  'identity',
  '\x85',
  '(comment)',
  'q=0.5',
  '*/*',
  'a\tb',
  'GET / HTTP/1.1',
];
const connections = [
  'keep-alive',
  'close',
  'Keep-Alive',
  'CLOSE',
  'upgrade',
  'Upgrade',
  'close, keep-alive',
  'TE',
  'x-a',
  'keep-alive, x-a',
  'host',
  'content-length',
  'transfer-encoding',
  ',close',
  'close,',
  'a b',
  '"close"',
  'close;',
  ', ,',
  'upgrade, close',
  'HTTP2-Settings, Upgrade',
];
const words = [
  '',
  'a',
  'hello',
  'hello world',
  '0\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: s\r\n\r\n',
  '\r\n',
  '\0\xff',
  '5\r\nhello\r\n',
  'x'.repeat(300),
];
const extensions = [
  ';a',
  ';a=b',
  ';a="b"',
  ' ;a',
  '; a',
  ';a = b',
  ';a="\\""',
  ';',
  ';;',
  ';a=',
  ';=b',
  ' ',
  '\t',
  ';a="b',
  ';a="\n"',
  ';a=\r',
  ';a\n',
  ';a b',
  ';a="b"c',
  ';\xff',
  ';a="\xff"',
  ';a;b=c;d',
  ';a="b";c',
  ' ; a = "b" ; c',
  ';a="\x01"',
  ';a="\r"',
  ';a=b;',
];
const rightExtensions = [';a', ';a=b', ';a="b"', ';a="\\""', ';a;b=c;d', ';a="\xff"', ' ; a = "b" ; c', ';a="b;c"'];
const sizes = ['+', '-', '0x', ' ', '_', '\t', '00', '0000000000000000', '00000000000000000', 'g', '\xa0', '\n', '"'];

/** Mostly `\r\n`. */
export function lineEnd(random: Random): string {
  return random.odd(300)
    ? random.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n\r', '\0\r\n', ' \r\n', '\x0b\r\n', '\x85', ''])
    : '\r\n';
}

export function fieldLine(random: Random): string {
  const name = random.odd(60) ? strangeName(random) : random.pick(names);
  return line(random, name, random.pick(values));
}

/** `name: value` with its line end, and white space that is allowed or not. */
export function line(random: Random, name: string, value: string): string {
  const colon = random.odd(120)
    ? random.pick([' :', '\t:', ':\t', '::', '', ';', ':\r\n ', ':\0', '\x0b:'])
    : random.chance(1, 60)
      ? random.pick([':\t', ': \t '])
      : random.pick([': ', ': ', ':', ':  ']);
  const behind = random.odd(60)
    ? random.pick([' ', '\t', '  \t', '\r\n folded', '\x0b', '\xa0', '\0', '\x7f', ','])
    : '';
  return `${name}${colon}${value}${behind}${lineEnd(random)}`;
}

export function connectionLine(random: Random): string {
  return line(random, spelled(random, 'Connection'), random.pick(random.calm ? connections.slice(0, 9) : connections));
}

/** Lines that frame a body, and the body. */
export function framed(random: Random, none: boolean): { readonly lines: readonly string[]; readonly body: string } {
  const choice = random.below(none ? 12 : 8);
  if (choice < 3) return withLength(random);
  if (choice < 7) return chunked(random);
  if (choice === 7 && !random.calm) {
    const [first, second] = [withLength(random), chunked(random)];
    const lines = [...first.lines, ...second.lines];
    return { lines: random.chance(1, 2) ? lines : lines.toReversed(), body: random.pick([first, second]).body };
  }
  return { lines: [], body: '' };
}

/** Another case of the same letters, now and then. */
export function spelled(random: Random, name: string): string {
  switch (random.below(8)) {
    case 0:
      return name.toLowerCase();
    case 1:
      return name.toUpperCase();
    case 2:
      return name.replace(/[a-z]/gi, (letter) => (random.chance(1, 2) ? letter.toLowerCase() : letter.toUpperCase()));
    default:
      return name;
  }
}

function withLength(random: Random): { lines: string[]; body: string } {
  const body = random.pick(words);
  const length = random.odd(12) ? strangeLength(random, body.length) : String(body.length);
  return { lines: [line(random, spelled(random, 'Content-Length'), length)], body };
}

function strangeLength(random: Random, length: number): string {
  return random.pick([
    `+${length}`,
    `-${length}`,
    `0${length}`,
    `${length}.0`,
    `0x${length}`,
    `${length},${length}`,
    `${length}, ${length}`,
    `${length} `,
    `${length};`,
    `"${length}"`,
    '',
    `${length}e0`,
    `${length} ${length}`,
    String(length + 1),
    String(Math.max(0, length - 1)),
    '18446744073709551616',
    '4294967296',
    '9007199254740993',
    '999999999999999',
    `0000000000${length}`,
    `00000000000000000000${length}`,
    `${length}_0`,
    `\xb2${length}`,
    `${length}\r\n ${length}`,
  ]);
}

function chunked(random: Random): { lines: string[]; body: string } {
  const coding = random.odd(12)
    ? random.pick([
        'Chunked',
        'CHUNKED',
        'chunked ',
        'chunked, chunked',
        'gzip, chunked',
        'chunked, gzip',
        'identity',
        'x-chunked',
        ',chunked',
        'chunked,',
        'chunked;a=b',
        '"chunked"',
        '\x0bchunked',
        'chunked\x0b',
        'chunke\xc4',
        'chunked\0',
        ' \tchunked\t',
        'ch\tunked',
        '',
        'cow',
        'chunked\r\n ',
        'identity, chunked',
        '\xa0chunked',
      ])
    : random.pick(['chunked', 'chunked', 'chunked', 'Chunked', 'CHUNKED']);
  return { lines: [line(random, spelled(random, 'Transfer-Encoding'), coding)], body: chunks(random) };
}

function chunks(random: Random): string {
  let text = '';
  for (let i = random.below(4); i > 0; i--) {
    const data = random.pick(words.slice(1));
    text += `${sizeOf(random, data.length)}${extension(random)}${lineEnd(random)}${data}${lineEnd(random)}`;
  }
  if (random.odd(80)) return text;
  const zero = random.odd(20)
    ? random.pick(['00', '000', '', '0 ', '-0', '+0', '0x0', '\r\n0', '0000000000000000', '00000000000000000'])
    : '0';
  return `${text}${zero}${extension(random)}${lineEnd(random)}${trailers(random)}${lineEnd(random)}`;
}

function sizeOf(random: Random, length: number): string {
  const hex = random.chance(1, 4) ? length.toString(16).toUpperCase() : length.toString(16);
  if (random.chance(1, 8)) return `${'0'.repeat(random.below(4))}${hex}`;
  if (!random.odd(60)) return hex;
  const strange = random.pick(sizes);
  return random.pick([
    `${strange}${hex}`,
    `${hex}${strange}`,
    `${hex}${strange}${hex}`,
    (length + 1).toString(16),
    '',
    'ffffffffffffffff',
    '10000000000000000',
    `fffffffffffffff${hex}`,
  ]);
}

function extension(random: Random): string {
  return random.chance(1, 7) ? random.pick(random.calm ? rightExtensions : extensions) : '';
}

function trailers(random: Random): string {
  if (!random.chance(1, 5)) return '';
  const name = random.pick([
    'X-T',
    'grpc-status',
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'Content-Digest',
    'content_length',
    'Trailer',
    'Authorization',
  ]);
  return line(random, name, random.pick(values)) + (random.chance(1, 3) ? fieldLine(random) : '');
}

function strangeName(random: Random): string {
  const name = random.pick(names);
  const strange = random.pick([
    ' ',
    '\t',
    '\0',
    '\x01',
    '\x7f',
    '\x80',
    '\xff',
    '(',
    ')',
    '/',
    '@',
    '"',
    ',',
    '{',
    '=',
    '\\',
    '[',
    '\r',
    '\n',
  ]);
  const at = random.below(name.length + 1);
  return random.chance(1, 8) ? '' : name.slice(0, at) + strange + name.slice(at);
}
