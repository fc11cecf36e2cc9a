/** Control-plane check of headers that say who is asking. */
import type { Problem } from '../../status/problem.ts';
import { spellings } from '../spellings.ts';
import { unsupported } from '../translated.ts';

/** Frame the message, belong to the connection, or say what the gateway itself says of the request. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'sec-websocket-protocol',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
]);

/**
 * @param credentials headers that credentials are read from: what removes client-sent copies would remove the credential
 * @param pathOf where the header at an index stands
 */
export function headerProblems(
  headers: readonly string[],
  credentials: readonly string[],
  pathOf: (index: number) => string,
): readonly Problem[] {
  const taken = new Set(credentials.flatMap(spellings));
  const seen = new Set<string>();
  return headers.flatMap((header, i) => {
    const name = header.toLowerCase();
    const [hyphenated = name] = spellings(name);
    const problem = (message: string): readonly Problem[] => [unsupported(pathOf(i), message)];
    if (RESERVED.has(name)) return problem(`${header} cannot carry an identity; choose a name such as X-User`);
    if (taken.has(name)) return problem(`${header} is where the credential comes from; choose another name`);
    if (seen.has(hyphenated))
      return problem(`${header} is written twice (- and _ are the same to many backends); remove one`);
    seen.add(hyphenated);
    return [];
  });
}
