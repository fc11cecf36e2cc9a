/** The DataPlane as the controller thread sees it: configurations go to the main thread as text, acknowledgements come back. */
import type { Ir } from '../ir/ir.ts';
import type { Ack, DataPlane } from './dataplane.ts';
import { diff } from './delta.ts';
import type { Apply, ToController } from './protocol.ts';
import { servicesSettings } from './services-settings.ts';

export interface RemoteDataPlane extends DataPlane {
  acknowledged(message: Extract<ToController, { kind: 'acknowledged' }>): void;
  rebound(unbound: Ack['unbound']): void;
}

export function createRemote(post: (message: Apply) => void): RemoteDataPlane {
  const waiting = new Map<number, (ack: Ack) => void>();
  let listener: ((unbound: Ack['unbound']) => void) | null = null;
  let sent: Ir | null = null;
  let wholeLength = 0;
  let deltaLength = 0;

  return {
    apply(version, ir) {
      const text = JSON.stringify(diff(sent, ir));
      const { promise, resolve } = Promise.withResolvers<Ack>();
      waiting.set(version, resolve);
      const whole = wholeFor(text, ir);
      post({ kind: 'apply', version, text, whole, sockets: ir.sockets, services: servicesSettings(ir) });
      sent = ir;
      return promise;
    },
    acknowledged({ version, unbound }) {
      waiting.get(version)?.({ version, unbound });
      waiting.delete(version);
    },
    onRebound(told) {
      listener = told;
    },
    rebound: (unbound) => listener?.(unbound),
    close: () => Promise.resolve(),
  };

  /** A new whole each time the deltas since the last have grown as long: the main thread holds at most twice the configuration. */
  function wholeFor(text: string, ir: Ir): string | null {
    deltaLength += text.length;
    if (sent !== null && deltaLength <= wholeLength) return null;
    const whole = sent === null ? text : JSON.stringify(diff(null, ir));
    wholeLength = whole.length;
    deltaLength = 0;
    return whole;
  }
}
