/** Before anything is measured: are wrong answers seen by the load generator, and wrong requests by the origin? Takes half a second. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Load, runLoad, writeRequests } from './load.ts';
import type { Origin, OriginCounts } from './origin.ts';
import { bodyOf } from './site.ts';

interface Wrong {
  readonly what: string;
  readonly answer: string;
  /** null: nothing is wrong with it. */
  readonly counts: keyof Load['errors'] | null;
  /** The server ends the connection behind it. */
  readonly ends?: boolean;
}

const body = bodyOf(100);
const ok = (text: string, length = text.length): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${text}`;

const answers: readonly Wrong[] = [
  { what: 'a right answer', answer: ok(body), counts: null },
  { what: 'another status', answer: ok(body).replace('200', '502'), counts: 'status' },
  { what: 'a body too short', answer: ok(body.slice(1)), counts: 'length' },
  { what: 'a wrong byte', answer: ok(`${body.slice(0, 50)}!${body.slice(51)}`), counts: 'body' },
  { what: 'bytes behind the answer', answer: `${ok(body)}x`, counts: 'body' },
  { what: 'an end in the middle', answer: ok(body.slice(0, 50), 100), counts: 'transport', ends: true },
];

const head = 'POST /p/10 HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: a\r\nX-Forwarded-Proto: a\r\nX-Forwarded-Host: a\r\n';
const requests: readonly {
  readonly what: string;
  readonly text: string;
  readonly counts: keyof OriginCounts | null;
}[] = [
  { what: 'a right request', text: `${head}X-Request-Id: a\r\nContent-Length: 50\r\n\r\n${bodyOf(50)}`, counts: null },
  { what: 'no request id', text: `${head}\r\n`, counts: 'unmarked' },
  { what: 'a second Host', text: `${head}X-Request-Id: a\r\nHost: b\r\n\r\n`, counts: 'malformed' },
  { what: 'a spoiled body', text: `${head}X-Request-Id: a\r\nContent-Length: 3\r\n\r\nabd`, counts: 'spoiled' },
];

/** @throws with what was not seen */
export async function selfTest(load: string, core: number, origin: Origin, directory: string): Promise<void> {
  const path = join(directory, 'selftest.requests');
  await writeRequests(path, [{ text: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', expected: body.length, serverName: 'a' }]);
  for (const wrong of answers) await testAnswer(wrong, load, core, path);
  for (const { what, text, counts } of requests) {
    const before = await origin.counts();
    await sendRaw(origin.port, text);
    const after = await origin.counts();
    for (const key of ['unmarked', 'malformed', 'spoiled'] as const) {
      if (after[key] > before[key] !== (key === counts)) throw new Error(`self-test of the origin: ${what}, ${key}`);
    }
  }
}

async function testAnswer(
  { what, answer, counts, ends = false }: Wrong,
  tool: string,
  core: number,
  requests: string,
): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => (ends ? socket.end(answer) : socket.write(answer)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { errors, requests: answered } = await runLoad(tool, core, { port, requests, connections: 1, seconds: 0.03 });
  server.close();
  const seen = Object.entries(errors).flatMap(([name, count]) => (count > 0 ? [name] : []));
  const wanted = counts === null ? [] : [counts];
  if (seen.join(',') !== wanted.join(',') || (counts === null && answered === 0)) {
    throw new Error(`self-test of the load generator: ${what} was seen as ${seen.join(', ') || 'right'}`);
  }
}

/** Sends, and waits for the answer or the end. */
async function sendRaw(port: number, text: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  socket.destroy();
}
