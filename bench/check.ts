/**
 * Before a target is measured: does it do the work that is compared? Every route is asked once; what arrives at the origin, what comes
 * back and what the access log says has to fit. A target that fails here gets no ratio.
 */
import { Agent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { readLines } from './log.ts';
import type { Origin } from './origin.ts';
import { bodyOf, routeName, type Site } from './site.ts';
import type { Running } from './targets/target.ts';

interface Question {
  readonly host: string;
  readonly path: string;
  readonly body?: string;
  readonly tls?: boolean;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** How many questions are asked at a time. */
const Lanes = 16;

/** @returns what is wrong, a sentence each */
export async function checkTarget(running: Running, site: Site, origin: Origin): Promise<readonly string[]> {
  const agents = { plain: new Agent({ keepAlive: true }), secure: new SecureAgent({ keepAlive: true }) };
  const ask = (question: Question): Promise<Answer> => send(running, agents, question);
  const faults: string[] = [];
  const expect = (holds: boolean, what: string): void => {
    if (!holds) faults.push(what);
  };
  try {
    const routes = await checkRoutes(site, ask, expect);
    await checkBodies(site, ask, expect);
    await checkStrangers(site, ask, origin, expect);
    if (running.tlsPort !== 0) {
      const { body } = await ask({ host: site.hosts[0]!, path: `${site.prefixes[0]}head`, tls: true });
      expect(field(body, 'x-forwarded-proto') === 'https', 'X-Forwarded-Proto is not https over TLS');
    }
    await checkLog(running, routes, expect);
  } finally {
    agents.plain.destroy();
    agents.secure.destroy();
  }
  return faults;
}

type Ask = (question: Question) => Promise<Answer>;
type Expect = (holds: boolean, what: string) => void;

/** @returns the name of the route by the request id that the origin saw */
async function checkRoutes({ hosts, prefixes }: Site, ask: Ask, expect: Expect): Promise<ReadonlyMap<string, string>> {
  const routes = new Map<string, string>();
  const questions = hosts.flatMap((host) => prefixes.map((prefix) => ({ host, prefix })));
  await inLanes(questions, async ({ host, prefix }) => {
    const { status, body } = await ask({ host, path: `${prefix}head` });
    const name = routeName(host, prefix);
    expect(status === 200, `${name} answered ${status}`);
    expect(body.startsWith(`GET ${prefix}head HTTP/1.1\r\n`), `${name}: another request line arrived`);
    expect(field(body, 'host') === host, `${name}: Host arrived as ${field(body, 'host')}`);
    // Envoy puts the machine's own address in the place of a loopback peer.
    const client = field(body, 'x-forwarded-for') ?? '';
    expect(isOwnAddress(client), `${name}: X-Forwarded-For ${client}`);
    expect(field(body, 'x-forwarded-proto') === 'http', `${name}: X-Forwarded-Proto`);
    expect(field(body, 'x-forwarded-host') === host, `${name}: X-Forwarded-Host ${field(body, 'x-forwarded-host')}`);
    const id = field(body, 'x-request-id') ?? '';
    expect(id !== '' && !routes.has(id), `${name}: X-Request-Id is missing or not new`);
    routes.set(id, name);
  });
  return routes;
}

async function checkBodies(site: Site, ask: Ask, expect: Expect): Promise<void> {
  const at = { host: site.hosts.at(-1)!, prefix: site.prefixes.at(-1)! };
  for (const length of [0, 1, 10_240, 1_048_576]) {
    const { body } = await ask({ host: at.host, path: `${at.prefix}${length}` });
    expect(body === bodyOf(length), `an answer of ${length} bytes came with ${body.length}, or other ones`);
  }
  const { body } = await ask({ host: at.host, path: `${at.prefix}head`, body: bodyOf(10_240) });
  const framed = field(body, 'content-length') === '10240' || field(body, 'transfer-encoding') === 'chunked';
  expect(body.startsWith('POST ') && framed, 'a POST arrived without its length');
}

async function checkStrangers(site: Site, ask: Ask, origin: Origin, expect: Expect): Promise<void> {
  const { requests } = await origin.counts();
  for (const [host, path] of [
    ['nobody.example', `${site.prefixes[0]}10`],
    [site.hosts[0]!, '/nothing/10'],
  ] as const) {
    const { status } = await ask({ host, path });
    expect(status === 404, `${host}${path} answered ${status}, not 404`);
  }
  expect((await origin.counts()).requests === requests, 'a request without a route reached the origin');
}

async function checkLog({ log, routeOf }: Running, routes: ReadonlyMap<string, string>, expect: Expect): Promise<void> {
  if (log === null) return;
  const found = new Map<string, string>();
  for (const line of await readLines(log, (lines) => lines.length >= routes.size)) {
    const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (entry['status'] === 200 || entry['status'] === '200') found.set(String(entry['requestId']), routeOf(entry));
  }
  for (const [id, name] of routes) {
    const logged = found.get(id);
    expect(logged === name, logged === undefined ? `${name}: not in the access log` : `${name} is logged as ${logged}`);
  }
}

function isOwnAddress(text: string): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === text));
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const lane = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Lanes }, lane));
}

function field(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*?) *\r?$`, 'im').exec(head)?.[1];
}

async function send(
  { plainPort, tlsPort }: Running,
  agents: { readonly plain: Agent; readonly secure: SecureAgent },
  { host, path, body, tls = false }: Question,
): Promise<Answer> {
  const options = { host: '127.0.0.1', path, method: body === undefined ? 'GET' : 'POST', timeout: 10_000 };
  const headers = { host, ...(body === undefined ? {} : { 'content-length': String(body.length) }) };
  const ask = tls
    ? secureRequest({
        ...options,
        headers,
        port: tlsPort,
        agent: agents.secure,
        servername: host,
        rejectUnauthorized: false,
      })
    : plainRequest({ ...options, headers, port: plainPort, agent: agents.plain });
  ask.on('timeout', () => ask.destroy(new Error(`${host}${path} was not answered in 10 s`)));
  return new Promise((resolve, reject) => {
    ask.on('error', reject);
    ask.on('response', (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    ask.end(body);
  });
}
