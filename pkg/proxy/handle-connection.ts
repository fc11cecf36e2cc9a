/**
 * One TCP or pipe connection of the fast transport, on its handle. Opened by `transport-handle.ts`.
 *
 * Rules that must hold here, each at its place below:
 *  (1) memory given to a write that went async belongs to the system until its completion;
 *  (2) memory given to a read is named by a raw pointer: the buffer must stay referenced, and changes only from within a read;
 *  (3) a handle that stopped reading never sees a reset: accepted connections read on into a bounded hold while paused;
 *  (4) a failed write does not end the connection while an answer may still wait in the receive queue;
 *  (5) nobody counts connections, closes them or times them out for us.
 */
import { Buffer } from 'node:buffer';
import { getSystemErrorName } from 'node:util';
import type { Timers } from './timers.ts';
import { type Connection, type ConnectionHandler, PauseHold } from './transport.ts';
import type {
  HandleBindings,
  HandleOwner,
  ShutdownRequest,
  SocketName,
  StreamHandle,
  TcpHandle,
  WriteRequest,
} from './transport-binding.ts';
import { OutputRegions, type Region } from './transport-regions.ts';
import { plainAddress, unowned } from './transport-socket.ts';

const InputBytes = 65_536;
const EndOfFile = -4095;

/** What all connections of one event loop share. */
export class Loop {
  readonly bindings: HandleBindings;
  readonly state: Int32Array;
  readonly readBytes: number;
  readonly wasAsync: number;
  readonly input = Buffer.allocUnsafeSlow(InputBytes);
  readonly regions = new OutputRegions();
  readonly timers: Timers;
  spare: WriteRequest;

  constructor(bindings: HandleBindings, timers: Timers) {
    this.bindings = bindings;
    this.timers = timers;
    this.state = bindings.stream.streamBaseState;
    this.readBytes = bindings.stream.kReadBytesOrError;
    this.wasAsync = bindings.stream.kLastWriteWasAsync;
    this.spare = new bindings.stream.WriteWrap();
  }
}

function onRead(this: StreamHandle): Buffer | undefined {
  return this.connection.onRead();
}

function onClosed(this: StreamHandle): void {
  this.connection.onClosed();
}

function onWritten(this: WriteRequest, status: number): void {
  const { connection, region } = this;
  this.connection = null;
  this.held = null;
  this.region = null;
  connection?.onWritten(status, region);
}

function onShutdown(this: ShutdownRequest): void {
  this.connection.onShutdown();
}

export class HandleConnection implements Connection, HandleOwner {
  handler: ConnectionHandler = unowned;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly tls = null;
  readonly #loop: Loop;
  readonly #handle: StreamHandle;
  readonly #accepted: boolean;
  #local: SocketName | null = null;
  /** Where the system reads to, and where it shall from the next read on: rule (2). */
  #buffer: Buffer;
  #wanted: Buffer;
  #hold: Buffer | null = null;
  #reading = false;
  #paused = false;
  #ended = false;
  #endHeld = false;
  #writes = 0;
  #writeFailed = false;
  #shutdown: 'no' | 'asked' | 'done' = 'no';
  #closed = false;
  #error: string | null = null;

  constructor(loop: Loop, handle: StreamHandle, accepted: boolean, address: string, port: number) {
    this.#loop = loop;
    this.#handle = handle;
    this.#accepted = accepted;
    this.#buffer = loop.input;
    this.#wanted = loop.input;
    this.remoteAddress = address;
    this.remotePort = port;
    handle.connection = this;
    handle.onread = onRead;
    handle.useUserBuffer(loop.input);
  }

  /** Once the owner has set its handler. */
  start(): void {
    if (!this.#paused) this.#read();
  }

  get localAddress(): string {
    return plainAddress(this.#localName().address ?? '');
  }

  get localPort(): number {
    return this.#localName().port ?? 0;
  }

  get pending(): boolean {
    return this.#writes > 0 && !this.#writeFailed && !this.#closed;
  }

  write(bytes: Buffer, start: number, end: number): boolean {
    if (end <= start || this.#mute()) return true;
    return this.#send(bytes.subarray(start, end), null);
  }

  output(): Buffer {
    return this.#loop.regions.current.buffer;
  }

  writeOutput(length: number): boolean {
    if (length === 0 || this.#mute()) return true;
    const region = this.#loop.regions.current;
    // Behind a write that waits only a copy can be queued: a region for each would be 128 KiB a message.
    if (this.#writes > 0) return this.#send(Buffer.from(region.view(length)), null);
    return this.#send(region.view(length), region);
  }

  readInto(buffer: Buffer | null): void {
    this.#wanted = buffer ?? this.#loop.input;
  }

  pause(): void {
    this.#paused = true;
    // Rule (3). A buffer of the owner's may still be on its way to a slow peer, so nothing may be read into it.
    if (!this.#accepted || this.#buffer !== this.#loop.input) this.#stopReading();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#hold !== null) process.nextTick(deliverHold, this);
    else this.#read();
  }

  end(): void {
    if (this.#mute()) return;
    this.#shutdown = 'asked';
    const request = new this.#loop.bindings.stream.ShutdownWrap();
    request.connection = this;
    request.oncomplete = onShutdown;
    // 1: done at once. An error means that the peer is gone, which reading will tell.
    if (this.#handle.shutdown(request) !== 0) this.onShutdown();
  }

  destroy(reset = false): void {
    if (this.#closed) return;
    this.#closed = true;
    // The system refuses to reset after a FIN was sent.
    if (reset && this.#shutdown === 'no' && this.#handle.reset?.(onClosed) === 0) return;
    this.#handle.close(onClosed);
  }

  onRead(): Buffer | undefined {
    const length = this.#loop.state[this.#loop.readBytes]!;
    if (length <= 0) {
      if (length < 0) this.#onReadEnd(length);
      return undefined;
    }
    if (this.#closed) return undefined;
    if (this.#paused || this.#hold !== null) this.#keep(length);
    else this.#give(this.#buffer, length);
    if (this.#wanted === this.#buffer) return undefined;
    this.#buffer = this.#wanted;
    return this.#buffer;
  }

  deliver(): void {
    const held = this.#hold;
    if (held === null || this.#paused || this.#closed) return;
    this.#hold = null;
    this.#give(held, held.length);
    if (this.#endHeld) {
      this.#endHeld = false;
      this.#onEnd();
    } else if (!this.#paused) this.#read();
  }

  onWritten(status: number, region: Region | null): void {
    this.#writes--;
    if (region !== null) this.#loop.regions.giveBack(region);
    if (this.#closed) return;
    if (status < 0) this.#failWrite(status);
    else if (this.#writes === 0 && !this.#writeFailed) this.handler.onDrain();
  }

  onShutdown(): void {
    this.#shutdown = 'done';
    if (this.#ended && !this.#endHeld && !this.#closed) this.destroy();
  }

  onClosed(): void {
    this.#hold = null;
    this.handler.onClose(this.#error);
  }

  #give(bytes: Buffer, length: number): void {
    const { timers } = this.#loop;
    timers.beginTurn();
    try {
      this.handler.onData(bytes, 0, length);
    } finally {
      timers.endTurn();
    }
  }

  /** Writes are dropped from now on: after the close, after our own FIN, and after one failed. */
  #mute(): boolean {
    return this.#closed || this.#writeFailed || this.#shutdown !== 'no';
  }

  #send(view: Buffer, region: Region | null): boolean {
    const loop = this.#loop;
    const request = loop.spare;
    const error = this.#handle.writeBuffer(request, view);
    if (error !== 0) {
      this.#failWrite(error);
      return true;
    }
    // Taken at once: the request object was not used and serves the next write.
    if (loop.state[loop.wasAsync] === 0) return true;
    // Rule (1).
    loop.spare = new loop.bindings.stream.WriteWrap();
    request.connection = this;
    request.held = view;
    request.region = region;
    request.oncomplete = onWritten;
    this.#writes++;
    if (region !== null) loop.regions.replace();
    return false;
  }

  /** Rule (4): the read that comes next tells what happened, and brings an early answer before it. */
  #failWrite(status: number): void {
    this.#writeFailed = true;
    if (this.#closed || (this.#reading && !this.#ended)) return;
    this.#error ??= getSystemErrorName(status);
    this.destroy();
  }

  #keep(length: number): void {
    const bytes = this.#buffer.subarray(0, length);
    this.#hold = this.#hold === null ? Buffer.from(bytes) : Buffer.concat([this.#hold, bytes]);
    if (this.#hold.length >= PauseHold) this.#stopReading();
  }

  #onReadEnd(status: number): void {
    this.#reading = false;
    if (this.#closed) return;
    if (status === EndOfFile) {
      this.#ended = true;
      if (this.#hold === null) this.#onEnd();
      else this.#endHeld = true;
      return;
    }
    this.#error = getSystemErrorName(status);
    this.destroy();
  }

  #onEnd(): void {
    this.handler.onEnd();
    if (!this.#closed && (this.#shutdown === 'done' || this.#writeFailed)) this.destroy();
  }

  #read(): void {
    if (this.#reading || this.#ended || this.#closed) return;
    this.#reading = true;
    this.#handle.readStart();
  }

  #stopReading(): void {
    if (!this.#reading || this.#closed) return;
    this.#reading = false;
    this.#handle.readStop();
  }

  #localName(): SocketName {
    if (this.#local !== null) return this.#local;
    const name: SocketName = {};
    if (!this.#closed && 'getsockname' in this.#handle) (this.#handle as TcpHandle).getsockname(name);
    this.#local = name;
    return name;
  }
}

const deliverHold = (connection: HandleConnection): void => connection.deliver();
