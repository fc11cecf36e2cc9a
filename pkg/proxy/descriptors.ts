/**
 * How many file descriptors the process has left. Used by listeners, which leave the last tenth to others, and by what dials backends.
 *
 * POSIX 2.14: a new descriptor is "the lowest numbered available", so its number tells how many are in use at the least, whoever uses them:
 * clients, backends, files, other threads. No count of our own can drift from that, and no worker needs a share of its own.
 */
import { closeSync, openSync } from 'node:fs';

/** Clients are refused above it: a kernel that has none left resets connections and tells nobody. */
const ClientShare = 0.9;
/** Requests to backends wait above it: what is left is for files, the admin endpoints, and the accepts that are refused. */
const BackendShare = 0.97;
/** As many threads may take descriptors as fast as this one, before it asks the system again. */
const Threads = 16;

export class Descriptors {
  readonly #limit: number;
  readonly #lowestFree: () => number;
  /** So many more may be taken unasked. */
  #credit = 0;
  /** The highest number seen. One low number that was given back says nothing of all the others. */
  #highest = 0;

  /** @param limit of the process; 0: unknown, and there is always room @param lowestFree replaced in tests */
  constructor(limit: number, lowestFree: () => number = askSystem) {
    this.#limit = limit;
    this.#lowestFree = lowestFree;
  }

  /** Whether one more client may be taken. */
  haveClientRoom(): boolean {
    return this.#haveRoom(ClientShare);
  }

  /** Whether one more connection to a backend may be opened. */
  haveBackendRoom(): boolean {
    return this.#haveRoom(BackendShare);
  }

  #haveRoom(share: number): boolean {
    if (this.#limit === 0) return true;
    if (this.#credit > 0) {
      this.#credit--;
      return true;
    }
    const lowest = this.#lowestFree();
    this.#highest = Math.max(this.#highest, lowest);
    // A process that was never near its limit asks the system once in up to a thousand connections, another one each time.
    this.#credit = Math.max(0, Math.floor((this.#limit * ClientShare - this.#highest) / Threads));
    return lowest < this.#limit * share;
  }
}

function askSystem(): number {
  try {
    const descriptor = openSync('/dev/null', 'r');
    closeSync(descriptor);
    return descriptor;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A system that hides the file tells nothing: nobody is refused for that.
    return code === 'EMFILE' || code === 'ENFILE' ? Number.MAX_SAFE_INTEGER : 0;
  }
}
