/** Opens connections to endpoints: names are resolved and every address passes the egress guard at this moment, not when it was configured. */
import { isIP } from 'node:net';
import { TimerEntry, type Timers } from '../proxy/timers.ts';
import type { Connection, Transport } from '../proxy/transport.ts';
import type { DescriptorGate, GaveUp } from './descriptor-gate.ts';
import { Denied, type EgressGuard } from './egress.ts';
import type { ConnectFailure, Dial } from './h1context.ts';

/** Addresses of a name that are tried, one after the other. */
const MaxAddresses = 4;

/** @param guard asked each time, since the settings may change @param gate where a connection waits for a descriptor */
export function createDial(transport: Transport, timers: Timers, guard: () => EgressGuard, gate: DescriptorGate): Dial {
  const one: Dial = (host, port, ms, done, wanted) => {
    const giveUp = (why: GaveUp): void => done(null, why);
    const connect = (timeout: number): void =>
      transport.connect({ host, port, timeout }, (connection, error) => {
        // Another thread has taken the last one.
        if (error === 'EMFILE' || error === 'ENFILE') gate.wait(timeout, connect, giveUp, wanted);
        else done(connection, failureOf(error));
      });
    gate.pass(ms, connect, giveUp, wanted);
  };
  return (host, port, timeout, done, wanted) => {
    // Who may name a unix socket is decided where Backends are translated.
    if (host.startsWith('/')) one(host, port, timeout, done, wanted);
    else if (isIP(host) === 0) new NamedDial(host, port, timeout, timers, one, done).start(guard());
    else if (guard().allows(host)) one(host, port, timeout, done, wanted);
    else process.nextTick(done, null, 'egress-denied');
  };
}

function failureOf(error: string | null): ConnectFailure {
  return error === 'ETIMEDOUT' ? 'connect-timeout' : 'connect-failed';
}

/** The time for the name and all its addresses is one connect timeout. */
class NamedDial extends TimerEntry {
  readonly #host: string;
  readonly #port: number;
  readonly #ends: number;
  readonly #timers: Timers;
  readonly #one: Dial;
  readonly #done: Parameters<Dial>[3];
  #over = false;

  constructor(host: string, port: number, timeout: number, timers: Timers, one: Dial, done: Parameters<Dial>[3]) {
    super();
    this.#host = host;
    this.#port = port;
    this.#timers = timers;
    this.#ends = timers.now() + timeout;
    this.#one = one;
    this.#done = done;
    timers.schedule(this, timeout);
  }

  start(guard: EgressGuard): void {
    void guard.resolve(this.#host).then(
      (addresses) => {
        if (addresses === Denied) this.#finish(null, 'egress-denied');
        else this.#try(addresses, 0, 'connect-failed');
      },
      () => this.#finish(null, 'connect-failed'),
    );
  }

  override onTimeout(): void {
    this.#finish(null, 'connect-timeout');
  }

  #try(addresses: readonly string[], index: number, failure: ConnectFailure): void {
    const left = this.#ends - this.#timers.now();
    if (this.#over) return;
    if (index >= Math.min(addresses.length, MaxAddresses) || left <= 0) return this.#finish(null, failure);
    this.#one(addresses[index]!, this.#port, left, (connection, why) => {
      if (connection === null) this.#try(addresses, index + 1, why);
      else if (this.#over) connection.destroy();
      else this.#finish(connection, why);
    });
  }

  #finish(connection: Connection | null, failure: ConnectFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#timers.cancel(this);
    this.#done(connection, failure);
  }
}
