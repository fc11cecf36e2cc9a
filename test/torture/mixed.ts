/** Requests of every other kind beside the bulk, each kind at a pace of its own. Used by the memory scenario. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { shakeHands } from './handshakes.ts';
import { openTalk } from './talk.ts';
import { upload } from './upload.ts';

export interface MixedOptions {
  readonly port: number;
  readonly securePort: number;
  readonly trusted: readonly string[];
}

export interface Mixed {
  /** How often each kind was played. */
  readonly counts: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
  /** What is being played is finished. */
  stop(): Promise<void>;
}

/** @returns null, or what went wrong */
type Play = (id: number) => Promise<string | null>;

/** Each kind is played over and over by so many clients, with a pause of so many milliseconds. */
type Kind = readonly [name: string, clients: number, pause: number, play: Play];

export function startMixed({ port, securePort, trusted }: MixedOptions): Mixed {
  const kinds: readonly Kind[] = [
    ['HEAD', 2, 5, (id) => expectStatus(port, 'HEAD', `/mixed/${id}`, 200)],
    ['404', 2, 5, (id) => expectStatus(port, 'GET', `/mixed/${id}`, 404, 'nobody.example.com')],
    ['retry', 2, 5, (id) => expectStatus(port, 'GET', `/mixed/${id}?fail=1`, 200)],
    ['upload', 1, 20, (id) => upload({ port, id, pieces: 8, pieceBytes: 16_384, pause: 1, chunked: id % 2 === 0 })],
    ['given up while waiting', 2, 5, (id) => giveUp(port, `GET /mixed/${id}?delay=500 HTTP/1.1\r\n`, 10)],
    [
      'given up while sending',
      2,
      5,
      (id) => giveUp(port, `POST /mixed/${id} HTTP/1.1\r\nContent-Length: 999999\r\n`, 10),
    ],
    ['given up while receiving', 2, 5, (id) => giveUp(port, `GET /t/${id * 64} HTTP/1.1\r\n`, 0)],
    ['TLS handshake', 2, 5, (id) => secure(securePort, trusted, id)],
    ['WebSocket', 2, 10, () => talk(port)],
  ];
  const counts = new Map<string, number>();
  const failures: string[] = [];
  const life = new AbortController();
  let id = 0;

  const client = async ([name, , pause, play]: Kind): Promise<void> => {
    while (!life.signal.aborted) {
      const failure = await play(++id).catch((error: unknown) => String(error));
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (failure !== null) failures.push(`${name}: ${failure}`);
      await setTimeout(pause);
    }
  };
  const clients = Promise.all(kinds.flatMap((kind) => Array.from({ length: kind[1] }, () => client(kind))));
  return {
    counts,
    failures,
    async stop() {
      life.abort();
      await clients;
    },
  };
}

/** On a connection of its own. */
function expectStatus(
  port: number,
  method: string,
  path: string,
  status: number,
  host = 'a.example.com',
): Promise<string | null> {
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, agent: false, headers: { host } }, (response) => {
      response.resume();
      response.on('error', (error) => resolve(String(error)));
      response.on('end', () => resolve(response.statusCode === status ? null : `status ${response.statusCode}`));
    });
    outgoing.on('error', (error) => resolve(String(error)));
    outgoing.end();
  });
}

/** Leaves in the middle: after the first bytes that come, or after so many milliseconds. @param patience 0: waits for the first bytes */
async function giveUp(port: number, head: string, patience: number): Promise<string | null> {
  const socket = connect({ host: '127.0.0.1', port });
  const failed = once(socket, 'close').then(() => 'the gateway closed it first');
  socket.on('error', () => undefined);
  socket.write(`${head}Host: a.example.com\r\n\r\n`);
  if (head.startsWith('POST')) socket.write(Buffer.alloc(16_384, 'half a body '));
  const seen = patience > 0 ? setTimeout(patience, null) : once(socket, 'data').then(() => null);
  const outcome = await Promise.race([seen, failed]);
  socket.destroy();
  return outcome;
}

async function secure(port: number, trusted: readonly string[], id: number): Promise<null> {
  await shakeHands({
    port,
    servername: 'a.example',
    trusted,
    version: id % 2 === 0 ? 'TLSv1.2' : 'TLSv1.3',
    session: null,
    id,
  });
  return null;
}

async function talk(port: number): Promise<string | null> {
  const socket = await openTalk(port, 5);
  await setTimeout(40);
  await socket.leave();
  if (socket.code !== 1000) return `closed with ${socket.code}`;
  return socket.garbled > 0 ? 'it heard what it had not said' : null;
}
