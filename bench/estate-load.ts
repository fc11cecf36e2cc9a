/** Requests to an estate as the load generator sends them, and whether each finds its route. For the scenarios scale and churn. */
import { request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import { type EstateRequest, estateRequests } from './estate.ts';
import type { LoadRequest } from './load.ts';
import { emptyLog, readLines } from './log.ts';
import { bodyOf } from './site.ts';
import type { Running } from './targets/target.ts';

/** How many are sent in turn. */
const Different = 64;
/** Bytes, as the paths of the estate ask for. */
const Answer = 200;

/** Spread over hosts and routes; the same ones on each run. */
export function someRequests(hosts: number): readonly EstateRequest[] {
  const all = estateRequests(hosts);
  return Array.from({ length: Different }, (_, i) => all[(i * 6_733) % all.length]!);
}

export function loadRequests(requests: readonly EstateRequest[]): readonly LoadRequest[] {
  return requests.map(({ host, path, query, headers }) => ({
    text: [
      `GET ${path}${query} HTTP/1.1`,
      `Host: ${host}`,
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'Accept-Language: en-US,en;q=0.5',
      'Accept-Encoding: gzip, deflate, br',
      'Cookie: sid=0123456789abcdef0123456789abcdef',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      '',
    ].join('\r\n'),
    expected: Answer,
    serverName: host,
  }));
}

/** @returns what is wrong, a sentence each */
export async function checkEstate(running: Running, requests: readonly EstateRequest[]): Promise<readonly string[]> {
  if (running.log === null) return ['there is no access log'];
  const faults: string[] = [];
  // The lines of whoever waited for it to be ready have to be there before they are thrown away.
  await readLines(running.log, (lines) => lines.length > 0);
  await emptyLog(running.log);
  for (const request of requests) {
    const { status, body } = await askEstate(running.plainPort, request);
    if (status !== 200 || body !== bodyOf(Answer))
      faults.push(`${request.host}${request.path} was answered with ${status}`);
  }
  const logged = new Map<string, string>();
  for (const line of await readLines(running.log, (lines) => lines.length >= requests.length)) {
    const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
    logged.set(`${String(entry['host'])}${String(entry['path'])}${String(entry['query'])}`, running.routeOf(entry));
  }
  for (const { host, path, query, route } of requests) {
    const found = logged.get(`${host}${path}${query}`);
    if (found !== route) faults.push(`${host}${path}${query} went to ${found ?? 'nowhere'}, not to ${route}`);
  }
  return faults;
}

export interface EstateAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export function askEstate(port: number, { host, path, query, headers }: EstateRequest): Promise<EstateAnswer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: path + query, headers: { host, ...headers }, timeout: 10_000 };
    const ask = send({ ...options, agent: false }, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
        reject,
      );
    });
    ask.on('timeout', () => ask.destroy(new Error(`${host}${path} was not answered in 10 s`)));
    ask.on('error', reject);
    ask.end();
  });
}
