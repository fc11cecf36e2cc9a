/** Clients that take more than they should: each against a gateway, with what it cost there. Used by `slow-main.ts` and `slow-greedy.test.ts`. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { until } from '../features/until.ts';
import { SlowHost } from './slow-kinds.ts';
import { type SlowStage, startSlowStage } from './slow-stage.ts';
import { quantile, startTraffic } from './slow-traffic.ts';

export interface GreedyOutcome {
  readonly name: string;
  /** What was seen, in a few words. */
  readonly seen: string;
  /** Whether it is what must be. */
  readonly kept: boolean;
  /** Resident bytes that the gateway's process took at most, above those before. */
  readonly bytes: number;
  /** What they may be. */
  readonly mostBytes: number;
  readonly cpuMs: number;
  /** Of legitimate requests meanwhile. */
  readonly p99Ms: number;
  readonly failures: readonly string[];
}

interface Seen {
  readonly seen: string;
  readonly kept: boolean;
}

interface Greed {
  readonly name: string;
  /** What the gateway may take for it. */
  readonly mostMiB: number;
  readonly limits?: string;
  act(stage: SlowStage, scale: number, own: (socket: Socket) => Socket): Promise<Seen>;
}

const MiB = 1_048_576;
const Pipelined = 10_000;
const PipelinedBytes = 5_000;
const Connections = 200;
const Refusals = 64;
const SampleMs = 50;

const head = (line: string, ...fields: string[]): string => [line, `Host: ${SlowHost}`, ...fields, '', ''].join('\r\n');

async function dial(stage: SlowStage, own: (socket: Socket) => Socket): Promise<Socket> {
  const socket = own(connect({ host: '127.0.0.1', port: stage.gateway.port(80), noDelay: true, allowHalfOpen: true }));
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Everything until the end of the connection. */
async function readAll(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => parts.push(bytes));
  socket.resume();
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return String(Buffer.concat(parts));
}

/** Heads of answers until the end of the connection, whose bodies hold no line end. */
async function countAnswers(socket: Socket): Promise<number> {
  let count = 0;
  let rest = '';
  socket.on('data', (bytes: Buffer) => {
    const parts = (rest + bytes.toString('latin1')).split('HTTP/1.1 200 OK\r\n');
    count += parts.length - 1;
    rest = parts.at(-1)!.slice(-20);
  });
  socket.resume();
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return count;
}

/** Waits until the origin can send no more. */
async function still(stage: SlowStage): Promise<void> {
  for (let sent = -1, same = 0; same < 3; await setTimeout(250)) {
    same = sent > 0 && stage.sent() === sent ? same + 1 : 0;
    sent = stage.sent();
  }
}

const greeds: readonly Greed[] = [
  {
    name: 'pipeline of 10,000, unread',
    mostMiB: 96,
    async act(stage, scale, own) {
      const clients = await Promise.all(Array.from({ length: scale }, () => dial(stage, own)));
      const before = stage.sent();
      for (const socket of clients) {
        socket.pause();
        socket.write(head(`GET /endless?bytes=${PipelinedBytes} HTTP/1.1`).repeat(Pipelined - 1));
        socket.write(head('GET / HTTP/1.1', 'Connection: close'));
      }
      await still(stage);
      const served = (stage.sent() - before) / scale / PipelinedBytes;
      // All are answered once somebody reads.
      const answers = await countAnswers(clients[0]!);
      return {
        seen: `stopped after ${Math.round(served)} answers; then read: ${answers}`,
        kept: served < Pipelined * 0.8 && answers === Pipelined,
      };
    },
  },
  {
    name: '1 GB response, unread',
    mostMiB: 48,
    async act(stage, scale, own) {
      const before = stage.sent();
      const clients = await Promise.all(Array.from({ length: scale }, () => dial(stage, own)));
      for (const socket of clients) {
        socket.pause();
        socket.write(head('GET /endless?bytes=1000000000 HTTP/1.1'));
      }
      await still(stage);
      const each = (stage.sent() - before) / scale / MiB;
      return { seen: `the origin could send ${each.toFixed(1)} MB of each`, kept: each < 50 };
    },
  },
  {
    name: 'connections, at full speed',
    mostMiB: 64,
    limits: `{ connections: ${Connections} }`,
    async act(stage, scale, own) {
      const count = 500 * scale;
      const before = await stage.descriptors();
      let most = 0;
      let answered = 0;
      for (let i = 0; i < count; i++) {
        const socket = own(
          connect({ host: '127.0.0.1', port: stage.gateway.port(80), allowHalfOpen: true }, () => void answered++),
        );
        socket.on('error', () => {});
        socket.resume();
        if (i % 100 === 0) most = Math.max(most, await stage.descriptors());
      }
      await until(async () => answered >= Connections && (await stage.limitHits('connections')) >= count - Connections);
      most = Math.max(most, await stage.descriptors()) - before;
      return {
        seen: `${await stage.connections()} taken, ${await stage.limitHits('connections')} refused and counted, ${most} descriptors`,
        kept: (await stage.connections()) <= Connections && most <= Connections + 2 * Refusals,
      };
    },
  },
  {
    name: 'heads without an end',
    mostMiB: 48,
    async act(stage, scale, own) {
      const clients = await Promise.all(Array.from({ length: 10 * scale }, () => dial(stage, own)));
      const line = `X-Greedy: ${'h'.repeat(1_000)}\r\n`;
      const answers = clients.map((socket, i) => {
        socket.write(i % 2 === 0 ? `GET / HTTP/1.1\r\nHost: ${SlowHost}\r\n` : `GET /${'u'.repeat(30_000)}`);
        const more = setInterval(() => void socket.write(i % 2 === 0 ? line.repeat(20) : 'u'.repeat(20_000)), 5);
        return readAll(socket).finally(() => clearInterval(more));
      });
      const statuses = new Set((await Promise.all(answers)).map((text) => text.split(' ')[1] ?? 'closed'));
      return {
        seen: `answered ${[...statuses].toSorted().join(', ')}`,
        kept: [...statuses].every((status) => status === '431' || status === '414' || status === 'closed'),
      };
    },
  },
  {
    name: 'one-byte chunks',
    mostMiB: 48,
    async act(stage, scale, own) {
      const wire = '1\r\nx\r\n';
      const small = await upload(stage, own, wire.repeat(100_000), scale);
      // As many bytes on the wire, in chunks of 16 KB.
      const chunk = `4000\r\n${'x'.repeat(16_384)}\r\n`;
      const large = await upload(stage, own, chunk.repeat(Math.round((100_000 * wire.length) / chunk.length)), scale);
      return {
        seen: `100,000 of them: ${(small.cpuMs / scale).toFixed(1)} ms of CPU; as many bytes in 16 KB chunks: ${(large.cpuMs / scale).toFixed(1)} ms`,
        kept: small.answer === '100000' && large.answer === String(36 * 16_384 + 16_384),
      };
    },
  },
];

/** The same upload `times` times, one after the other. */
async function upload(
  stage: SlowStage,
  own: (socket: Socket) => Socket,
  body: string,
  times: number,
): Promise<{ readonly cpuMs: number; readonly answer: string }> {
  const before = await stage.cpu();
  let answer = '';
  for (let i = 0; i < times; i++) {
    const socket = await dial(stage, own);
    socket.write(head('POST / HTTP/1.1', 'Transfer-Encoding: chunked', 'Connection: close'));
    socket.write(`${body}0\r\n\r\n`);
    answer = (await readAll(socket)).split('\r\n\r\n')[1] ?? '';
    socket.destroy();
  }
  return { cpuMs: ((await stage.cpu()) - before) / 1000, answer };
}

export const greedyNames: readonly string[] = greeds.map(({ name }) => name);

/** @param scale of the number of clients or turns: 1 for a test, 10 for the command */
export async function runGreedy(name: string, scale: number): Promise<GreedyOutcome> {
  const greed = greeds.find((each) => each.name === name);
  if (greed === undefined) throw new Error(`${name} is none of: ${greedyNames.join(', ')}`);
  const stage = await startSlowStage({ workers: 1, ...(greed.limits !== undefined && { limits: greed.limits }) });
  const traffic = startTraffic(stage.gateway.port(80));
  const sockets: Socket[] = [];
  try {
    await until(async () => (await traffic.report()).answered > 500);
    const before = { memory: await stage.memory(), cpu: await stage.cpu() };
    let most = before.memory;
    const sampler = setInterval(() => void stage.memory().then((bytes) => (most = Math.max(most, bytes))), SampleMs);
    const { seen, kept } = await greed
      .act(stage, scale, (socket) => (sockets.push(socket), socket))
      .finally(() => clearInterval(sampler));
    const cpuMs = ((await stage.cpu()) - before.cpu) / 1000;
    const { times, failures } = await traffic.stop();
    const bytes = Math.max(most, await stage.memory()) - before.memory;
    return { name, seen, kept, bytes, mostBytes: greed.mostMiB * MiB, cpuMs, p99Ms: quantile(times, 0.99), failures };
  } finally {
    for (const socket of sockets) socket.destroy();
    await traffic.stop();
    await stage.close();
  }
}
