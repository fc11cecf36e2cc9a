/** The bytes that the micro-benchmarks of the codec read: what browsers, programs and servers really send. */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** Of a page's own script in a browser: 13 fields. */
export const browserHead = (host: string, path: string): Buffer =>
  lines(
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: keep-alive',
    'sec-ch-ua: "Chromium";v="148", "Google Chrome";v="148", "Not/A)Brand";v="99"',
    'sec-ch-ua-mobile: ?0',
    'sec-ch-ua-platform: "Linux"',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36',
    'Accept: application/json, text/plain, */*',
    'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Dest: empty',
    `Referer: https://${host}/orders`,
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en;q=0.9',
    'Cookie: session=8d1f0c6e2b7a4953a1e0d9c8b7a69584; theme=dark; consent=1',
  );

/** Of a program: 4 fields. */
export const programHead = (host: string, path: string): Buffer =>
  lines(`GET ${path} HTTP/1.1`, `Host: ${host}`, 'User-Agent: curl/8.14.1', 'Accept: */*', 'X-Tenant: blue');

/** Of an API server: 9 fields. */
export const responseHead: Buffer = lines(
  'HTTP/1.1 200 OK',
  'Date: Wed, 25 Nov 2026 19:10:00 GMT',
  'Content-Type: application/json; charset=utf-8',
  'Content-Length: 200',
  'Connection: keep-alive',
  'Keep-Alive: timeout=72',
  'Cache-Control: private, max-age=0, must-revalidate',
  'ETag: W/"c8-3f9a1b2c4d5e6f708192a3b4c5d6e7f8"',
  'Vary: Accept-Encoding',
  'X-Content-Type-Options: nosniff',
);

/** Every request of test/corpus, valid and hostile. */
export function corpus(): readonly Buffer[] {
  const file = new URL('../../test/corpus/requests.json', import.meta.url);
  const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly { readonly bytes: string }[];
  return cases.map(({ bytes }) => Buffer.from(bytes, 'latin1'));
}

function lines(...texts: readonly string[]): Buffer {
  return Buffer.from(`${texts.join('\r\n')}\r\n\r\n`, 'latin1');
}
