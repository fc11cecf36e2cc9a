/** The first oracle: llhttp as Node has it, every leniency off. In process, so that it can read every input. */
import type { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import type { Frame, Reading } from './reading.ts';

type Callback = (...args: readonly unknown[]) => number | undefined;

interface Parser {
  [callback: number]: Callback;
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  /** @returns how many bytes it took, or why it refuses */
  execute(bytes: Buffer): number | (Error & { readonly code: string; readonly bytesParsed: number });
  finish(): unknown;
}

interface ParserClass {
  new (): Parser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kLenientNone: number;
  readonly kOnMessageBegin: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

// Node's own server imports it from there; nothing documented shows the parser.
const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common') as {
  readonly HTTPParser: ParserClass;
  /** By llhttp's numbers, but for QUERY, whose number is 46. */
  readonly methods: readonly string[];
};

/** Larger than what we take, so that it is never llhttp that refuses first for size. */
const MaxHead = 65_536;

export class Llhttp {
  readonly #parser = new HTTPParser();
  #frames: Frame[] = [];
  #target = '';
  #start = '';
  #fields = '';
  #body = '';
  #inHead = false;
  #inMessage = false;
  #upgraded = false;
  #head = false;

  constructor() {
    const parser = this.#parser;
    parser[HTTPParser.kOnMessageBegin] = () => this.#onBegin();
    parser[HTTPParser.kOnHeaders] = (fields, target) => this.#onFields(fields as readonly string[], target as string);
    parser[HTTPParser.kOnHeadersComplete] = (...args) => this.#onHead(args);
    parser[HTTPParser.kOnBody] = (bytes) => this.#onBody(bytes as Buffer);
    parser[HTTPParser.kOnMessageComplete] = () => this.#onComplete();
  }

  /** @param bytes without Upgrade (`withoutUpgrade`): behind one it stops, and does not say what is wrong with its body */
  readRequests(bytes: Buffer): Reading {
    this.#head = false;
    return this.#read(bytes, HTTPParser.REQUEST, false);
  }

  /** @param head whether it answers HEAD; @param ended whether the connection ends behind the bytes */
  readResponses(bytes: Buffer, head: boolean, ended: boolean): Reading {
    this.#head = head;
    return this.#read(bytes, HTTPParser.RESPONSE, ended);
  }

  #read(bytes: Buffer, type: number, ended: boolean): Reading {
    this.#frames = [];
    this.#inMessage = false;
    this.#inHead = false;
    this.#upgraded = false;
    this.#parser.initialize(type, {}, MaxHead, HTTPParser.kLenientNone);
    const said = this.#parser.execute(bytes);
    if (typeof said !== 'number') return this.#stop(said.code);
    if (this.#upgraded && said < bytes.length) return this.#stop('upgrade');
    if (ended && this.#inMessage && this.#parser.finish() instanceof Error) return this.#stop('more');
    return this.#stop(this.#inMessage ? 'more' : 'end');
  }

  #stop(stop: string): Reading {
    if (this.#inMessage && !this.#inHead) this.#push(false);
    this.#inMessage = false;
    return { frames: this.#frames, stop };
  }

  #push(complete: boolean): void {
    this.#frames.push({ start: this.#start, fields: this.#fields, body: this.#body, complete });
  }

  #onBegin(): undefined {
    this.#inMessage = true;
    this.#inHead = true;
    this.#target = '';
    this.#fields = '';
    this.#body = '';
  }

  /** Fields that did not fit into one call, or trailers. */
  #onFields(fields: readonly string[], target: string): undefined {
    if (!this.#inHead) return;
    this.#target += target;
    this.#addFields(fields);
  }

  #onHead(args: readonly unknown[]): number {
    const [, , fields, method, target, status, , upgrade] = args as readonly [
      number,
      number,
      readonly string[] | undefined,
      number | undefined,
      string | undefined,
      number | undefined,
      string | undefined,
      boolean,
    ];
    this.#inHead = false;
    this.#upgraded = upgrade;
    if (fields !== undefined) this.#addFields(fields);
    this.#start = method === undefined ? String(status) : `${methods[method] ?? 'QUERY'} ${target ?? this.#target}`;
    return this.#head ? 1 : 0;
  }

  #onBody(bytes: Buffer): undefined {
    this.#body += bytes.toString('latin1');
  }

  #onComplete(): undefined {
    this.#push(true);
    this.#inMessage = false;
  }

  #addFields(fields: readonly string[]): void {
    for (let i = 0; i < fields.length; i += 2)
      this.#fields += `${fields[i]!.toLowerCase()}:${fields[i + 1]!.replace(/^[ \t]+|[ \t]+$/g, '')}\n`;
  }
}

/** The same stream, whose requests ask for no upgrade. */
export function withoutUpgrade(text: string): string {
  return text.replace(/^u(?=pgrade[ \t]*:)/gim, 'X');
}
