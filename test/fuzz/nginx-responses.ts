/** What nginx makes of responses: it proxies to an origin of ours that answers with the given bytes and ends the connection. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { readMessage } from '../../pkg/testkit/message.ts';
import type { Reading } from './reading.ts';

/** One response to read. */
export interface ResponseJob {
  readonly bytes: Buffer;
  readonly head: boolean;
  readonly done: (theirs: Reading) => void;
}

const Connections = 8;
const Patience = 5_000;

export class NginxResponses {
  readonly #path: string;
  readonly #origin: Server;
  readonly #queue: ResponseJob[] = [];
  readonly #serving = new Map<string, Buffer>();
  #number = 0;
  #busy = 0;
  #spare: Socket[] = [];
  #waiters: { readonly below: number; readonly resolve: () => void }[] = [];

  private constructor(path: string, origin: Server) {
    this.#path = path;
    this.#origin = origin;
  }

  /** @param origin the socket path on which nginx expects it */
  static async open(path: string, origin: string): Promise<NginxResponses> {
    const server = createServer({ allowHalfOpen: true });
    const responses = new NginxResponses(path, server);
    server.on('connection', (socket) => responses.#serve(socket));
    server.listen(origin);
    await once(server, 'listening');
    return responses;
  }

  add(job: ResponseJob): void {
    this.#queue.push(job);
    this.#next();
  }

  /** Waits until fewer than `count` responses are under way. */
  async below(count: number): Promise<void> {
    if (this.#queue.length + this.#busy < count) return;
    await new Promise<void>((resolve) => void this.#waiters.push({ below: count, resolve }));
  }

  async close(): Promise<void> {
    for (const socket of this.#spare) socket.destroy();
    this.#origin.close();
    await once(this.#origin, 'close');
  }

  /** The origin: one request, these bytes, the end. */
  #serve(socket: Socket): void {
    let head = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      head += bytes.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      const target = head.split(' ')[1] ?? '';
      socket.end(this.#serving.get(target) ?? '');
    });
    socket.on('end', () => socket.end());
  }

  #next(): void {
    while (this.#busy < Connections && this.#queue.length > 0) {
      const job = this.#queue.shift()!;
      this.#busy++;
      this.#ask(job, this.#spare.pop() ?? connect({ path: this.#path }));
    }
    const open = this.#queue.length + this.#busy;
    for (const waiter of this.#waiters.filter(({ below }) => open < below)) waiter.resolve();
    this.#waiters = this.#waiters.filter(({ below }) => open >= below);
  }

  #ask({ bytes, head, done }: ResponseJob, socket: Socket): void {
    const target = `/${++this.#number}`;
    let received: Buffer = Buffer.alloc(0);
    const finish = (reading: Reading, keep: boolean): void => {
      this.#serving.delete(target);
      socket.removeAllListeners();
      if (keep) this.#spare.push(socket);
      else socket.on('error', () => {}).destroy();
      this.#busy--;
      done(reading);
      this.#next();
    };
    const read = (ended: boolean): void => {
      const message = readMessage(received, { head, ended });
      if (message === null) {
        if (ended) finish({ frames: [], stop: 'connection closed' }, false);
        return;
      }
      const status = message.startLine.slice(9, 12);
      const frame = { start: status, fields: null, body: message.body.toString('latin1'), complete: true };
      finish({ frames: [frame], stop: 'end' }, !ended && message.header('connection') !== 'close');
    };
    socket.on('data', (more: Buffer) => {
      received = received.length === 0 ? more : Buffer.concat([received, more]);
      read(false);
    });
    socket.on('error', () => read(true));
    socket.on('close', () => read(true));
    socket.setTimeout(Patience, () => finish({ frames: [], stop: 'more' }, false));
    this.#serving.set(target, bytes);
    socket.write(`${head ? 'HEAD' : 'GET'} ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
  }
}
