/** Debian's Chromium without a screen, spoken to over its pipe (Chrome DevTools Protocol). */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export interface Tab {
  /** Goes to an address and waits until the page has loaded, wherever that leads. */
  open(address: string): Promise<void>;
  /** Value of an expression in the page. */
  read<T>(expression: string): Promise<T>;
  /** Does something in the page that leads to another one, and waits for that. */
  leave(expression: string): Promise<void>;
  /** PNG. */
  picture(): Promise<Buffer>;
}

export interface Chromium extends Tab {
  readonly version: string;
  close(): Promise<void>;
}

type Message = { readonly id?: number; readonly method?: string; readonly result?: unknown; readonly error?: unknown };

const FLAGS = [
  '--headless=new',
  '--remote-debugging-pipe',
  // Root runs it where the project is tested, and it sees our own pages alone.
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  // It asks nobody but these pages.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Those of the test are self-signed.
  '--ignore-certificate-errors',
];

export async function startChromium(): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const wire = new Wire(child.stdio[3] as Writable, child.stdio[4] as Readable);
  const { product } = (await wire.ask('Browser.getVersion')) as { product: string };
  const { targetId } = (await wire.ask('Target.createTarget', { url: 'about:blank' })) as { targetId: string };
  const attached = (await wire.ask('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string };
  const ask = (method: string, params: object = {}) => wire.ask(method, params, attached.sessionId);
  await ask('Page.enable');
  const read = async <T>(expression: string): Promise<T> => {
    const answer = (await ask('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })) as {
      result: { value: T };
      exceptionDetails?: unknown;
    };
    if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  };
  const leaving = async (begin: () => Promise<unknown>): Promise<void> => {
    const loaded = wire.event('Page.loadEventFired');
    await begin();
    await loaded;
  };
  return {
    version: product,
    open: (url) => leaving(() => ask('Page.navigate', { url })),
    leave: (expression) => leaving(() => read(expression)),
    read,
    async picture() {
      const { data } = (await ask('Page.captureScreenshot')) as { data: string };
      return Buffer.from(data, 'base64');
    },
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await wire.ask('Browser.close').catch(() => child.kill());
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** JSON with a NUL behind each message. */
class Wire {
  readonly #to: Writable;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #events = new Map<string, PromiseWithResolvers<void>>();
  #id = 0;
  #rest = '';

  constructor(to: Writable, from: Readable) {
    this.#to = to;
    from.setEncoding('utf8');
    from.on('data', (text: string) => this.#take(text));
    from.on('end', () => this.#fail(new Error('the browser has ended')));
  }

  ask(method: string, params: object = {}, sessionId?: string): Promise<unknown> {
    const id = ++this.#id;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return withTimeout(answer.promise, method);
  }

  event(name: string): Promise<void> {
    const event = Promise.withResolvers<void>();
    this.#events.set(name, event);
    return withTimeout(event.promise, name);
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split('\0');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#read(JSON.parse(part) as Message);
  }

  #read({ id, method, result, error }: Message): void {
    if (method !== undefined) this.#events.get(method)?.resolve();
    const answer = id === undefined ? undefined : this.#waiting.get(id);
    if (answer === undefined || id === undefined) return;
    this.#waiting.delete(id);
    if (error === undefined) answer.resolve(result);
    else answer.reject(new Error(JSON.stringify(error)));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}

async function withTimeout<T>(promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`the browser did not answer: ${what}`)), 60_000);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
