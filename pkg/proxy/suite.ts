/** The transports that every behaviour of the proxy is tested on. */
import type { Timers } from './timers.ts';
import type { Transport } from './transport.ts';
import { createHandleTransport } from './transport-handle.ts';
import { createSocketTransport } from './transport-socket.ts';

export const transports: readonly (readonly [name: string, create: (timers: Timers) => Transport])[] = [
  ['socket', createSocketTransport],
  ['handle', createHandleTransport],
];
