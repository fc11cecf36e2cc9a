/**
 * The slow clients, in a process of their own: `node slow-peers-main.ts '{"kind":…}'`. Opens its connections, reports once, and goes on being slow
 * until it is killed or its parent is gone. One timer for all: a thousand of them cost a per cent of a CPU.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type PeersOrder, type PeersReport, SlowHost } from './slow-kinds.ts';

/** What a connection does once a second; null: nothing. */
type Tick = (() => void) | null;

interface Peer {
  readonly since: number;
  readonly tick: Tick;
}

/** Connections that are being opened at a time, each waiting after every one. No burst: those who come as fast as they can are another test. */
const Opening = 10;
const OpeningPauseMs = 10;
/** The ticks of a second are spread over so many turns of the timer. */
const Turns = 20;
const BodyBytes = 1_000_000;

const head = (line: string, ...fields: string[]): string => [line, `Host: ${SlowHost}`, ...fields, '', ''].join('\r\n');

async function open(order: PeersOrder, index: number, hello: Buffer): Promise<Peer> {
  switch (order.kind) {
    case 'slow headers':
      return trickle(await dial(order), `GET / HTTP/1.1\r\nHost: ${SlowHost}\r\nX-Slow: `);
    case 'slow bodies':
      return trickle(await dial(order), head('POST /upload HTTP/1.1', `Content-Length: ${BodyBytes}`));
    case 'stalled bodies':
      return stall(await dial(order));
    case 'slow reads':
      return sip(order);
    case 'idle':
      return silence(await dial(order));
    case 'idle handshakes': {
      const socket = await dial(order);
      const sent = [0, Math.floor(hello.length / 2), hello.length][index % 3] ?? 0;
      if (sent > 0) socket.write(hello.subarray(0, sent));
      return silence(socket);
    }
    case 'idle keep-alive':
      return keepAlive(await dial(order));
    case 'vanished':
      break;
  }
  if (index % 3 === 0) return keepAlive(await dial(order));
  return index % 3 === 1 ? stall(await dial(order)) : sip(order);
}

async function dial({ host, port }: PeersOrder): Promise<Socket> {
  // Our FIN never comes, whatever the gateway says.
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => socket.destroy());
  return socket;
}

function silence(socket: Socket): Peer {
  socket.resume();
  return { since: Date.now(), tick: null };
}

function trickle(socket: Socket, start: string): Peer {
  socket.resume();
  socket.write(start);
  return { since: Date.now(), tick: () => void (socket.writable && socket.write('x')) };
}

function stall(socket: Socket): Peer {
  socket.resume();
  socket.write(head('POST /upload HTTP/1.1', `Content-Length: ${BodyBytes}`) + 'x'.repeat(BodyBytes / 4));
  return { since: Date.now(), tick: null };
}

async function keepAlive(socket: Socket): Promise<Peer> {
  socket.write(head('GET / HTTP/1.1'));
  await once(socket, 'data');
  socket.resume();
  return { since: Date.now(), tick: null };
}

/** One byte each second, by a read of one byte. */
async function sip({ host, port }: PeersOrder): Promise<Peer> {
  const onread = { buffer: Buffer.alloc(1), callback: () => false };
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true, onread });
  await once(socket, 'connect');
  socket.on('error', () => socket.destroy());
  socket.write(head('GET /endless HTTP/1.1'));
  return { since: Date.now(), tick: () => void socket.resume() };
}

/** The first bytes that a TLS client sends. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    connectTls({ socket: wire, servername: SlowHost, rejectUnauthorized: false }).on('error', () => {});
  });
}

async function main(order: PeersOrder): Promise<void> {
  const hello = await clientHello();
  const peers: Peer[] = [];
  let next = 0;
  let failed = 0;
  let turn = 0;
  const timer = setInterval(() => {
    turn++;
    for (let i = turn % Turns; i < peers.length; i += Turns) peers[i]!.tick?.();
  }, 1000 / Turns);
  async function worker(): Promise<void> {
    while (next < order.count) {
      const index = next++;
      const peer = await open(order, index, hello).catch(() => null);
      if (peer === null) failed++;
      else peers.push(peer);
      await setTimeout(OpeningPauseMs);
    }
  }
  await Promise.all(Array.from({ length: Opening }, worker));
  const report: PeersReport = { since: peers.map(({ since }) => since).toSorted((a, b) => a - b), failed };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  // The parent holds the other end of stdin; when it is gone, so are we.
  process.stdin.resume();
  await once(process.stdin, 'close');
  clearInterval(timer);
  process.exit(0);
}

await main(JSON.parse(process.argv[2] ?? '{}') as PeersOrder);
