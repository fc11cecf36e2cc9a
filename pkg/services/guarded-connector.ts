/** How undici opens connections for the services thread: the name is resolved and its addresses are guarded at each connect. */
import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { Denied, type EgressGuard } from '../upstream/egress.ts';
import { AskError } from './ask-error.ts';

export interface GuardedConnectorOptions {
  /** Asked each time; null: no settings yet, so nothing is dialled. */
  readonly guard: () => EgressGuard | null;
  /** PEM; null for the CAs of the system. */
  readonly authority: string | null;
}

/** Of each address, in milliseconds. */
const ConnectTimeout = 3000;
/** Addresses of a name that are tried, one after the other. */
const MaxAddresses = 4;

export function createGuardedConnector({ guard, authority }: GuardedConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    allowH2: false,
    timeout: ConnectTimeout,
    ...(authority === null ? {} : { ca: authority }),
  });

  function tryNext(
    options: buildConnector.Options,
    addresses: readonly string[],
    failure: Error,
    done: buildConnector.Callback,
  ): void {
    const [address, ...others] = addresses;
    if (address === undefined) return done(failure, null);
    // undici would take the address for the name in the certificate.
    const servername = isIP(options.hostname) === 0 ? { servername: options.hostname } : {};
    try {
      connect({ ...options, ...servername, hostname: address }, (...[error, socket]) => {
        if (error === null) done(null, socket);
        else tryNext(options, others, error, done);
      });
    } catch (error) {
      // A CA bundle that does not parse: `tls.connect` throws it.
      done(Error.isError(error) ? error : new Error(String(error)), null);
    }
  }

  return (options, done) => {
    const host = options.hostname;
    const refuse = (code: 'egress-denied' | 'connect-failed', why: string): void =>
      done(new AskError(code, `${host} ${why}`), null);
    const resolved = guard()?.resolve(host) ?? Promise.resolve(Denied);
    void resolved.then(
      (addresses) => {
        if (addresses === Denied) refuse('egress-denied', 'leads to no address that the gateway may ask');
        else if (addresses.length === 0) refuse('connect-failed', 'has no address');
        else tryNext(options, addresses.slice(0, MaxAddresses), new Error('no address'), done);
      },
      () => refuse('connect-failed', 'cannot be resolved'),
    );
  };
}
