/** Timeouts as an operator may configure them, short enough for continuous integration. Used by the slow clients' test, and by the command with QUICK=1. */
import type { ListenerTimeouts } from '../../pkg/ir/settings.ts';

export const shortTimeouts: Partial<ListenerTimeouts> = {
  handshake: 2_000,
  header: 2_000,
  body: 2_000,
  idle: 2_500,
  write: 2_000,
  minBodyRate: 240,
};
