/** A socket whose bytes a test reads message by message; both ends of the raw client and the scripted origin are one. */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { type Message, type ReadOptions, readMessage } from './message.ts';

export class RawStream {
  readonly socket: Socket;
  /** Received and not yet read. */
  received: Buffer = Buffer.alloc(0);
  /** The peer's FIN or the close was seen. */
  ended = false;
  closed = false;
  /** `ECONNRESET` if the peer reset; null while open or after an orderly end. */
  error: string | null = null;
  private waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.wake();
    });
    socket.on('end', () => {
      this.ended = true;
      this.wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
    socket.on('close', () => {
      this.ended = true;
      this.closed = true;
      this.wake();
    });
  }

  send(data: string | Uint8Array): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** The next message. Rejects when the stream ends before it is complete. */
  async message(options: ReadOptions = {}): Promise<Message> {
    let message: Message | null = null;
    await this.until(() => {
      message = readMessage(this.received, { ...options, ended: this.ended });
      return message !== null || this.ended;
    });
    const found = message as Message | null;
    if (found === null) {
      throw new Error(`the stream ended (${this.error}) within a message: ${this.received.toString('latin1', 0, 500)}`);
    }
    this.received = this.received.subarray(found.raw.length);
    return found;
  }

  /** Waits until `length` bytes are there and takes them. */
  async bytes(length: number): Promise<Buffer> {
    await this.until(() => this.received.length >= length || this.ended);
    if (this.received.length < length) throw new Error(`the stream ended (${this.error}) before ${length} bytes came`);
    const bytes = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    return bytes;
  }

  /** Waits for the peer's end. @returns what was received and not read */
  async end(): Promise<Buffer> {
    await this.until(() => this.ended);
    return this.received;
  }

  /** Waits for a condition that can only change when bytes, an end or a close come. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => void this.waiters.push(resolve));
  }

  /** Our FIN. */
  finish(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  close(): void {
    this.socket.destroy();
  }

  private wake(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}
