/** A lane carries requests to one endpoint: H1Dispatcher (plaintext HTTP/1.1, moves bytes) or UndiciLane (everything undici can do). */
import type { ResponseHandler, UpstreamRequest, UpstreamStream } from './upstream.ts';

export interface Lane {
  /** Attempts that wait or are under way. */
  readonly load: number;
  readonly stats: LaneStats;
  dispatchRaw(request: UpstreamRequest, handler: ResponseHandler): UpstreamStream;
  /** Closes connections that nobody uses or waits for: somebody else needs their descriptors. */
  trim(): void;
  /** Finishes what is under way, closes what is idle. */
  close(): Promise<void>;
  /** Ends everything. */
  destroy(): Promise<void>;
}

export interface LaneStats {
  /** Connections open or being opened. */
  readonly open: number;
  readonly idle: number;
  /** Attempts that wait for a connection. */
  readonly waiting: number;
}

/** `10.0.0.7:8080`, `[fd00::7]:8080`, or the path of a unix socket. */
export function endpointName(host: string, port: number): string {
  if (host.startsWith('/')) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
