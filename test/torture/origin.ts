/** An origin process, seen from a scenario: told how to behave, paused, killed, started again on the same port. Made by `stage.ts`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manner, OriginCommand, OriginData, OriginReply } from './manner.ts';
import { within } from './within.ts';

export class Origin {
  readonly name: string;
  /** Stays the same over all its lives. */
  readonly port: number;
  readonly #journal: string;
  #child: ChildProcess | null = null;

  constructor(name: string, port: number, journal: string) {
    this.name = name;
    this.port = port;
    this.#journal = journal;
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    const data: OriginData = { name: this.name, port: this.port, journal: this.#journal };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'origin-main.ts'), JSON.stringify(data)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    await reply(child);
  }

  /** @param delayMillis how long each request waits before that happens */
  async behave(manner: Manner, delayMillis = 0): Promise<void> {
    await this.#tell({ kind: 'behave', manner, delayMillis });
  }

  /** Resets every connection that stands. */
  async resetAll(): Promise<void> {
    await this.#tell({ kind: 'reset' });
  }

  /** Stops as a server does on SIGTERM: closes its listener, answers what comes on its connections with `Connection: close`, ends with the last. */
  async leave(): Promise<void> {
    await this.behave('leave');
    const idle = async (): Promise<boolean> => (await this.#tell({ kind: 'count' })).connections === 0;
    await within(30, `every connection to ${this.name} ends`, idle);
    await this.end();
  }

  /** Its kernel side goes on: connections are still accepted into the queue, and nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** SIGKILL; resolves when it is gone. */
  async end(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Ids of the requests that it executed in all its lives, in order; one twice if it was executed twice. */
  async executed(): Promise<Uint32Array> {
    const bytes = await readFile(this.#journal).catch(() => new Uint8Array());
    return new Uint32Array(Uint8Array.from(bytes).buffer, 0, bytes.length >> 2);
  }

  async #tell(command: OriginCommand): Promise<OriginReply> {
    const child = this.#child;
    if (child === null) throw new Error(`${this.name} does not run`);
    child.send(command);
    return reply(child);
  }
}

/** The next thing it says. */
async function reply(child: ChildProcess): Promise<OriginReply> {
  const life = new AbortController();
  const died = once(child, 'exit', { signal: life.signal }).then(() => {
    throw new Error('an origin ended by itself');
  });
  const said = once(child, 'message', { signal: AbortSignal.any([life.signal, AbortSignal.timeout(30_000)]) });
  try {
    const [message] = (await Promise.race([said, died])) as [OriginReply];
    return message;
  } finally {
    // What is still waited for is given up, and nobody needs to hear of it.
    for (const each of [said, died]) each.catch(() => undefined);
    life.abort();
  }
}
