/** TLS session ticket keys: one set for all workers, so that a client resumes on any of them, and a new one twice a day. */
import { randomBytes } from 'node:crypto';

export interface Tickets {
  /** 48 bytes, as `server.setTicketKeys` takes them. */
  readonly keys: Uint8Array;
  close(): void;
}

// RFC 8446 4.6.1 lets a ticket live for seven days; whoever steals the key reads what it protected, so it lives for twelve hours.
const Lifetime = 12 * 3_600_000;

/** @param onChange told the new keys; tickets of the old ones cost a full handshake, nothing more */
export function createTickets(onChange: (keys: Uint8Array) => void): Tickets {
  let keys: Uint8Array = randomBytes(48);
  const timer = setInterval(() => {
    keys = randomBytes(48);
    onChange(keys);
  }, Lifetime);
  timer.unref();
  return {
    get keys() {
      return keys;
    },
    close: () => clearInterval(timer),
  };
}
