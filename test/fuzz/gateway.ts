/** The whole data plane between a client of ours and a backend that keeps every byte (`test/strict/recorder.ts`), for samples of the inputs. */
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import type { Match } from '../../pkg/ir/route.ts';
import { createHandleTransport } from '../../pkg/proxy/transport-handle.ts';
import { createSocketTransport } from '../../pkg/proxy/transport-socket.ts';
import { createTestProxy, type TestProxy } from '../../pkg/testkit/proxy.ts';
import { type Reading, readResponse } from '../strict/message.ts';
import { createRecorder, type Recorder, type Script } from '../strict/recorder.ts';
import type { Frame } from './reading.ts';

export const transports = { socket: createSocketTransport, handle: createHandleTransport } as const;
export type TransportName = keyof typeof transports;

const anything: Match = { path: { kind: 'PathPrefix', value: '/' }, headers: [], queryParams: [], cookies: [] };

export interface Answer {
  /** 1xx before it, without 100. */
  readonly interim: readonly string[];
  readonly status: string;
  readonly body: string;
  /** X-Answer of the recorder; `''` if the gateway answered. */
  readonly id: string;
}

/** What happened to one stream. */
export interface Seen {
  readonly answers: readonly Answer[];
  /** What came to the backend, and the id of its answer. */
  readonly forwarded: readonly (Frame & { readonly id: string })[];
  /** `open`: all expected answers came. `end`, `reset`: by the gateway. Else what is wrong with its bytes, or that it was silent. */
  readonly stop: string;
}

const Patience = 8_000;

export class Gateway {
  readonly #proxy: TestProxy;
  readonly #recorder: Recorder;
  #clients = 0;

  private constructor(proxy: TestProxy, recorder: Recorder) {
    this.#proxy = proxy;
    this.#recorder = recorder;
  }

  static async open(transport: TransportName, script?: Script): Promise<Gateway> {
    const recorder = await createRecorder(script);
    const rules = [{ matches: [anything, { ...anything, method: 'TRACE' }] }];
    const proxy = await createTestProxy({ transport: transports[transport], backends: [recorder.port], rules });
    return new Gateway(proxy, recorder);
  }

  /** How many streams it took: it keeps all their bytes, so a new one is due now and then. */
  get used(): number {
    return this.#clients;
  }

  /**
   * Sends one stream on a connection of its own.
   * @param pieces one write each
   * @param methods of the requests that are accepted, for their answers
   * @param expected answers after which the client leaves
   */
  async send(pieces: readonly Buffer[], methods: readonly string[], expected: number): Promise<Seen> {
    // The recorder knows clients by their address.
    const client = `127.1.${this.#clients >> 8}.${this.#clients & 255}`;
    this.#clients++;
    const talk = new Talk(this.#proxy.port, client, methods, expected);
    for (const piece of pieces) {
      talk.write(piece);
      // Each piece has its own turn, so that the other side mostly reads it by itself.
      if (pieces.length > 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    const stop = await talk.over();
    const forwarded = this.#recorder.of(client).map(({ id, message: { startLine, fields, body } }) => ({
      id,
      start: startLine.slice(0, startLine.lastIndexOf(' ')),
      fields: fields.map(([name, value]) => `${name.toLowerCase()}:${value}\n`).join(''),
      body: body.toString('latin1'),
      complete: true,
    }));
    return { answers: talk.answers, forwarded, stop };
  }

  /** @returns what is wrong with everything that came to the backend, and what was thrown */
  async close(): Promise<string[]> {
    await this.#proxy.close();
    const wrong = [...this.#recorder.violations(), ...this.#proxy.faults.map(String)];
    await this.#recorder.close();
    return wrong;
  }
}

/** One client. */
class Talk {
  readonly answers: Answer[] = [];
  readonly #socket;
  readonly #methods: readonly string[];
  readonly #expected: number;
  readonly #over: Promise<string>;
  #finish: (stop: string) => void = () => {};
  #received: Buffer = Buffer.alloc(0);
  #interim: string[] = [];
  #reset = false;

  constructor(port: number, localAddress: string, methods: readonly string[], expected: number) {
    this.#methods = methods;
    this.#expected = expected;
    this.#over = new Promise<string>((resolve) => void (this.#finish = resolve));
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true, allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#read(false);
    });
    socket.on('error', () => void (this.#reset = true));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#ended());
    socket.setTimeout(Patience, () => this.#finish('silent'));
    if (expected === 0) socket.on('ready', () => setImmediate(() => socket.end()));
  }

  write(bytes: Buffer): void {
    if (!this.#socket.writableEnded) this.#socket.write(bytes);
  }

  async over(): Promise<string> {
    const stop = await this.#over;
    this.#socket.destroy();
    return stop;
  }

  /** A refused HEAD is answered without body, unless its head could not even be read: the end tells. */
  #answer(ended: boolean): Reading {
    const method = this.#methods[this.answers.length];
    if (method !== undefined) return readResponse(this.#received, method, ended);
    const reading = readResponse(this.#received, 'GET', ended);
    return reading.kind === 'incomplete' && ended ? readResponse(this.#received, 'HEAD', ended) : reading;
  }

  #ended(): void {
    this.#read(true);
    this.#finish(this.#reset ? 'reset' : this.#received.length > 0 ? 'cut' : 'end');
  }

  #read(ended: boolean): void {
    while (this.#received.length > 0) {
      const reading = this.#answer(ended);
      if (reading.kind === 'broken') return this.#finish(`broken answer: ${reading.reason}`);
      if (reading.kind === 'incomplete') return;
      const { startLine, fields, body, length } = reading.message;
      this.#received = this.#received.subarray(length);
      const status = startLine.slice(9, 12);
      if (status === '100') continue;
      if (status.startsWith('1')) this.#interim.push(status);
      else {
        const id = fields.find(([name]) => name.toLowerCase() === 'x-answer')?.[1] ?? '';
        this.answers.push({ interim: this.#interim, status, body: body.toString('latin1'), id });
        this.#interim = [];
      }
    }
    if (!ended && this.answers.length >= this.#expected) this.#finish('open');
  }
}
