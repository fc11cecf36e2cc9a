/** The part of the runtime's undocumented handles that `transport-handle.ts` uses, as types. Nothing else may import it. */
import type { Buffer } from 'node:buffer';
import type { Region } from './transport-regions.ts';

/** What the callbacks of a handle, which the runtime calls with the handle or request as `this`, hand on to. */
export interface HandleOwner {
  onRead(): Buffer | undefined;
  onClosed(): void;
  onWritten(status: number, region: Region | null): void;
  onShutdown(): void;
}

/** What is used of the runtime's stream handles. */
export interface StreamHandle {
  connection: HandleOwner;
  onread: (this: StreamHandle) => Buffer | undefined;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Buffer): number;
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  shutdown(request: ShutdownRequest): number;
  close(callback?: (this: StreamHandle) => void): void;
  reset?(callback: (this: StreamHandle) => void): number;
  connect(request: ConnectRequest, address: string, port?: number): number | undefined;
}

export interface TcpHandle extends StreamHandle {
  onconnection: (status: number, handle: TcpHandle | undefined) => void;
  bind(address: string, port: number, flags: number): number;
  bind6(address: string, port: number, flags: number): number;
  listen(backlog: number): number;
  connect6(request: ConnectRequest, address: string, port: number): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
  getpeername(out: SocketName): number;
  getsockname(out: SocketName): number;
}

export interface SocketName {
  address?: string;
  port?: number;
}

export interface WriteRequest {
  connection: HandleOwner | null;
  /** Keeps the memory referenced, rule (1). */
  held: Buffer | null;
  region: Region | null;
  oncomplete(this: WriteRequest, status: number): void;
}

export interface ShutdownRequest {
  connection: HandleOwner;
  oncomplete(this: ShutdownRequest): void;
}

export interface ConnectRequest {
  oncomplete(status: number): void;
}

export interface HandleBindings {
  readonly tcp: {
    TCP: new (kind: number) => TcpHandle;
    TCPConnectWrap: new () => ConnectRequest;
    constants: { SOCKET: number; SERVER: number; UV_TCP_REUSEPORT: number };
  };
  readonly pipe: { Pipe: new (kind: number) => StreamHandle; PipeConnectWrap: new () => ConnectRequest };
  readonly stream: {
    WriteWrap: new () => WriteRequest;
    ShutdownWrap: new () => ShutdownRequest;
    streamBaseState: Int32Array;
    kReadBytesOrError: number;
    kLastWriteWasAsync: number;
  };
}

/** Throws where the runtime does not give the handles away (permission model, another major version). */
export function loadBindings(): HandleBindings {
  const runtime = process as NodeJS.Process & { binding(name: string): unknown };
  return {
    tcp: runtime.binding('tcp_wrap'),
    pipe: runtime.binding('pipe_wrap'),
    stream: runtime.binding('stream_wrap'),
  } as HandleBindings;
}
