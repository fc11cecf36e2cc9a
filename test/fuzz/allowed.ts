/** Why an oracle may refuse what we accept. Each reason says when it holds; a refusal that no reason explains fails the run. */
import { METHODS } from 'node:http';
import type { Frame } from './reading.ts';

export interface Refused {
  readonly oracle: 'llhttp' | 'nginx';
  /** `HPE_INVALID_METHOD`, `400`. */
  readonly reason: string;
  readonly frame: Frame;
  /** The message as it was sent. */
  readonly raw: string;
  /** The stream before it. */
  readonly before: string;
}

interface Reason {
  readonly oracle: Refused['oracle'];
  readonly reasons: readonly string[];
  readonly name: string;
  readonly holds: (refused: Refused) => boolean;
}

const methodOf = ({ frame }: Refused): string => frame.start.slice(0, frame.start.indexOf(' '));
const isChunked = ({ frame }: Refused): boolean => /^transfer-encoding:chunked$/im.test(frame.fields ?? '');
/** In the last chunk's trailer section: the fields behind the head that are no data. */
const hasTrailer = ({ raw }: Refused, name: string): boolean =>
  new RegExp(`\\r\\n0+[^\\r\\n]*\\r\\n(?:[^\\r\\n]+\\r\\n)*${name}:`, 'i').test(raw);

const reasons: readonly Reason[] = [
  {
    oracle: 'llhttp',
    // RFC 9110 9.1 makes any token a method; llhttp knows a list, and takes others for RTSP or HTTP/2.
    name: 'a method it does not know',
    reasons: ['HPE_INVALID_METHOD', 'HPE_INVALID_CONSTANT', 'HPE_INVALID_VERSION'],
    holds: (refused) => !llhttpMethods.includes(methodOf(refused)),
  },
  {
    oracle: 'llhttp',
    // RFC 9112 7.1.1: chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ). We drop them.
    name: 'white space in a chunk extension',
    reasons: ['HPE_STRICT', 'HPE_INVALID_CHUNK_SIZE'],
    holds: (refused) => isChunked(refused) && /[0-9a-f][^\r\n]*(?:[ \t][;=]|[;=][ \t])/i.test(refused.raw),
  },
  {
    oracle: 'llhttp',
    // RFC 9110 6.5.1: they are ignored, or stored apart. We drop them; llhttp reads them as fields of the head.
    name: 'Content-Length or Transfer-Encoding as a trailer',
    reasons: ['HPE_INVALID_CONTENT_LENGTH', 'HPE_INVALID_TRANSFER_ENCODING', 'HPE_UNEXPECTED_CONTENT_LENGTH'],
    holds: (refused) => isChunked(refused) && hasTrailer(refused, '(?:content-length|transfer-encoding)'),
  },
  {
    oracle: 'llhttp',
    // RFC 9112 9.3 closes the connection behind the final response; we keep it no longer than that.
    name: 'a close or HTTP/1.0 on an informational response',
    reasons: ['HPE_CLOSED_CONNECTION'],
    holds: ({ before }) =>
      /^HTTP\/1\.[01] 1\d\d/.test(before) && /^HTTP\/1\.0 |^(?:proxy-)?connection:.*close/im.test(before),
  },
  {
    oracle: 'llhttp',
    // Nothing defines Proxy-Connection (RFC 9112 C.2.2), and RFC 9110 6.5.1 keeps Connection out of trailers: we act on neither.
    name: 'a close in Proxy-Connection or a trailer of the message before',
    reasons: ['HPE_CLOSED_CONNECTION'],
    holds: ({ before }) =>
      /^proxy-connection:.*close|^0+[^\r\n]*\r\n(?:[^\r\n]+\r\n)*connection:.*close/im.test(before),
  },
  {
    oracle: 'nginx',
    name: 'a method that is not A-Z, - and _',
    reasons: ['400'],
    holds: (refused) => !/^[A-Z_-]+$/.test(methodOf(refused)),
  },
  {
    oracle: 'nginx',
    // RFC 3986 5.2.4 ends at the root, as we do.
    name: 'a path above the root',
    reasons: ['400'],
    holds: ({ frame }) => isAboveRoot(frame.start.slice(frame.start.indexOf(' ') + 1)),
  },
  {
    oracle: 'nginx',
    name: 'a host with _ or ~ in an absolute target',
    reasons: ['400'],
    holds: ({ frame }) => /^\S+ https?:\/\/[^/?]*[_~]/i.test(frame.start),
  },
  {
    oracle: 'nginx',
    // RFC 9110 5.3 lets a list repeat; we send one of our own.
    name: 'Expect twice',
    reasons: ['400'],
    holds: ({ frame }) => (frame.fields?.match(/^expect:/gm)?.length ?? 0) > 1,
  },
  {
    oracle: 'nginx',
    // Its answer has no length there, so it closes, whatever the client asks.
    name: 'keep-alive on HTTP/1.0',
    reasons: ['connection closed'],
    holds: ({ before }) => before.includes(' HTTP/1.0\r\n'),
  },
  {
    oracle: 'nginx',
    // RFC 9110 7.6.1: a list of tokens. nginx looks for the five letters anywhere in the value.
    name: 'close within another word of Connection, in the message before',
    reasons: ['connection closed'],
    holds: ({ before }) => /^connection:.*(?:close[\w-]|[\w-]close)/im.test(before),
  },
  { oracle: 'nginx', name: 'TRACE', reasons: ['405'], holds: (refused) => methodOf(refused) === 'TRACE' },
  { oracle: 'nginx', name: 'OPTIONS *', reasons: ['400'], holds: ({ frame }) => frame.start === 'OPTIONS *' },
  {
    oracle: 'nginx',
    // It cuts spaces alone, and then finds a tab in the value.
    name: 'a tab around Host',
    reasons: ['400'],
    holds: ({ raw }) => /^host:(?: *\t|.*\t *\r$)/im.test(raw),
  },
];

// As Node lists them.
const llhttpMethods: readonly string[] = METHODS;

function isAboveRoot(target: string): boolean {
  const path = target.replace(/^https?:\/\/[^/?]*/i, '').replace(/\?.*$/, '');
  let depth = 0;
  for (const segment of path.replaceAll(/%2e/gi, '.').split('/').slice(1)) {
    if (segment === '..' && --depth < 0) return true;
    if (segment !== '..' && segment !== '.') depth++;
  }
  return false;
}

/** @returns the reason's name, or null if there is none */
export function explain(refused: Refused): string | null {
  const found = reasons.find(
    ({ oracle, reasons: codes, holds }) =>
      oracle === refused.oracle && codes.includes(refused.reason) && holds(refused),
  );
  return found === undefined ? null : found.name;
}
