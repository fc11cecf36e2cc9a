/** The configuration as the main thread keeps it: text it never parses, enough to bring a new worker up to date at once. */
import type { Apply } from './protocol.ts';

export interface History {
  /** Grows with every configuration, also over restarts of the controller, whose own count starts anew. */
  readonly version: number;
  /** Deltas in order; empty before the first configuration. */
  readonly texts: readonly string[];
  add(apply: Apply): void;
}

export function createHistory(): History {
  let version = 0;
  let texts: readonly string[] = [];
  return {
    get version() {
      return version;
    },
    get texts() {
      return texts;
    },
    add({ text, whole }) {
      version++;
      texts = whole === null ? [...texts, text] : [whole];
    },
  };
}
