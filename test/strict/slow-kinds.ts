/** The ways a client can keep a connection and give nothing for it, each with the timeout that ends it. Shared by the peers and by those who count. */
import type { ListenerTimeouts } from '../../pkg/ir/settings.ts';

export type SlowKind =
  | 'slow headers'
  | 'slow bodies'
  | 'stalled bodies'
  | 'slow reads'
  | 'idle'
  | 'idle handshakes'
  | 'idle keep-alive'
  | 'vanished';

export interface SlowKindFacts {
  readonly what: string;
  /** The last of the timeouts that end its connections. */
  readonly timeout: keyof ListenerTimeouts;
  readonly tls: boolean;
  /** Some of them ask for a response without an end, which fills the buffers of the system. */
  readonly reads: boolean;
}

export const slowKinds: Readonly<Record<SlowKind, SlowKindFacts>> = {
  'slow headers': { what: 'a head of 1 byte a second', timeout: 'header', tls: false, reads: false },
  'slow bodies': { what: 'a body of 1 byte a second', timeout: 'body', tls: false, reads: false },
  'stalled bodies': { what: 'a quick start of a body, then silence', timeout: 'body', tls: false, reads: false },
  'slow reads': { what: 'a large response, read at 1 byte a second', timeout: 'write', tls: false, reads: true },
  idle: { what: 'nothing after connect', timeout: 'idle', tls: false, reads: false },
  'idle handshakes': {
    what: 'no, half a or a whole ClientHello, then silence',
    timeout: 'handshake',
    tls: true,
    reads: false,
  },
  'idle keep-alive': { what: 'one request, then silence', timeout: 'idle', tls: false, reads: false },
  vanished: { what: 'link down while idle, within a body or a response', timeout: 'idle', tls: false, reads: true },
};

/** The host that the manifests of the stage serve. */
export const SlowHost = 'a.example.com';

/** What the peers' process is told, as JSON in its first argument. */
export interface PeersOrder {
  readonly kind: SlowKind;
  readonly host: string;
  readonly port: number;
  readonly count: number;
}

/** What it says, as one line of JSON, when every connection has begun what it came for. */
export interface PeersReport {
  /** Per connection: milliseconds since the epoch from which its timeout runs. */
  readonly since: readonly number[];
  /** Connections that could not be opened. */
  readonly failed: number;
}
