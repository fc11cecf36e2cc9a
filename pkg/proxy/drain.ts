/** The orderly end of a worker: accept for a while, let what runs finish, then go. */
import type { Core } from './core.ts';
import type { Listener } from './listener.ts';
import { TimerEntry, type Timers } from './timers.ts';

export interface Drain {
  /** Resolves when every connection is gone, or at the timeout, when the rest is cut. */
  run(core: Core, listeners: readonly Listener[], delayMs: number, timeoutMs: number): Promise<void>;
  /** A connection has gone. */
  check(): void;
}

export function createDrain(timers: Timers, now: () => number): Drain {
  let settle: (() => void) | null = null;
  let core: Core | null = null;

  const idle = (): boolean => core === null || core.openConnections() === 0;

  return {
    async run(of, listeners, delayMs, timeoutMs) {
      core = of;
      const end = now() + delayMs + timeoutMs;
      // Load balancers still send new connections until they have noticed; each response from now on asks its client to go.
      core.draining = true;
      for (const tunnel of core.tunnels) tunnel.endWithin(delayMs + timeoutMs);
      await sleep(timers, delayMs);
      await Promise.all(listeners.map((listener) => listener.close()));
      for (const downstream of core.downstreams) if (downstream.idle) downstream.destroy('draining', false);
      if (idle()) return;
      await new Promise<void>((resolve) => {
        const cut = new Alarm(resolve);
        settle = () => {
          timers.cancel(cut);
          resolve();
        };
        timers.schedule(cut, Math.max(0, end - now()));
      });
      settle = null;
      for (const downstream of core.downstreams) downstream.destroy('draining', true);
      for (const tunnel of core.tunnels) tunnel.close('draining', true);
    },
    check() {
      if (settle !== null && idle()) settle();
    },
  };
}

async function sleep(timers: Timers, ms: number): Promise<void> {
  if (ms > 0) await new Promise<void>((resolve) => timers.schedule(new Alarm(resolve), ms));
}

class Alarm extends TimerEntry {
  readonly #ring: () => void;

  constructor(ring: () => void) {
    super();
    this.#ring = ring;
  }

  override onTimeout(): void {
    this.#ring();
  }
}
