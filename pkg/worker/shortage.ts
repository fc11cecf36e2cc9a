/** Tells all data workers of the process that one of them has no descriptor for a backend, so that each gives up those it does not need now. */
import { BroadcastChannel } from 'node:worker_threads';

export interface Shortage {
  tell(): void;
  /** @param act called when another worker has told */
  listen(act: () => void): void;
  close(): void;
}

export function openShortage(): Shortage {
  const channel = new BroadcastChannel('suuupra-descriptors');
  channel.unref();
  return {
    tell: () => channel.postMessage(null),
    listen(act) {
      channel.onmessage = act;
    },
    close: () => channel.close(),
  };
}
