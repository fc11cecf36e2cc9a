/** What holds for clients before the route of their request is known: by listener, or by socket where no listener is known yet. */
import type { Listener } from '../ir/listener.ts';
import type { ClientAddress, ClientHeader, Settings } from '../ir/settings.ts';
import { type ClientLimits, strictestLimits, trustNobody } from '../policy/strictest-client.ts';
import type { SocketTable } from '../routing/table.ts';
import { createTrust, type Trust } from './forwarded.ts';

export interface ClientTerms extends ClientLimits {
  readonly trust: Trust;
  readonly header: ClientHeader | null;
}

/** The clients of one socket. */
export interface SocketClients {
  readonly proxyProtocol: ClientAddress['proxyProtocol'];
  /** Whether this peer may say by a PROXY header who the client is. */
  announces(peer: string): boolean;
  /** Of a connection. @param servername null on plaintext */
  ofConnection(servername: string | null): ClientTerms;
  /** Of a request on a plaintext connection; null where the host makes no difference. */
  readonly ofHost: ((host: string) => ClientTerms) | null;
}

/** @param socket undefined for one that no table names any more */
export function createSocketClients(socket: SocketTable | undefined, settings: Settings): SocketClients {
  const listeners = socket?.listeners ?? [];
  const heard = heardOf(listeners);
  const addressOf = (listener: Listener | undefined): ClientAddress => listener?.client?.address ?? settings.client;
  const speaking = speakersOf(heard, (listener) => speaksProxy(addressOf(listener))).map(addressOf);
  const terms = new Map<string, ClientTerms>();
  const termsOf = (listener: Listener | undefined): ClientTerms => {
    const address = addressOf(listener);
    // What it believes, it believes of a proxy that announces clients: without the PROXY header anybody could be that proxy.
    const trusted =
      speaksProxy(address) && speaking.length === 0 && listener !== undefined ? trustNobody([address]) : address;
    // Most listeners say the same, or nothing.
    const key = JSON.stringify([listener?.client, trusted]);
    let found = terms.get(key);
    if (found === undefined) terms.set(key, (found = createTerms(listener?.client, trusted, settings)));
    return found;
  };
  const each = listeners.length === 0 ? [termsOf(undefined)] : [...new Set(listeners.map(termsOf))];
  const shared = each.length === 1 ? each[0]! : { ...termsOf(undefined), ...strictestLimits(heard.map(termsOf)) };
  const byName = (name: string): ClientTerms => (each.length === 1 ? shared : termsOf(socket?.listenerForName(name)));
  const announcers = speaking.map(announcersOf);
  return {
    proxyProtocol: speaking.some(isRequired) ? 'Required' : speaking.length > 0 ? 'Optional' : 'Disabled',
    announces: (peer) => announcers.every((announces) => announces(peer)),
    ofConnection: (servername) => (servername === null ? shared : byName(servername)),
    ofHost: each.length === 1 ? null : byName,
  };
}

function createTerms(client: Listener['client'], address: ClientAddress, settings: Settings): ClientTerms {
  const { header, body, idle } = { ...settings.timeouts, ...client?.timeouts };
  return {
    trust: createTrust(address),
    header: address.header,
    underscores: client?.underscores ?? settings.headers.underscores,
    timeouts: { header, body, idle },
  };
}

/**
 * Whose word counts before a Host or a server name tells the listeners apart: the Gateway's own, where it has any on the socket. A team with a
 * ListenerSet could otherwise close the port of all others, by demanding a PROXY header or a head within a millisecond.
 */
function heardOf(listeners: readonly Listener[]): readonly Listener[] {
  const own = listeners.filter((listener) => !isOfSet(listener));
  return own.length > 0 ? own : listeners;
}

/** The name of a set's listener is `namespace/set/listener`; a Gateway's has no slash. */
function isOfSet({ name }: Listener): boolean {
  return name.includes('/');
}

/**
 * For whom the PROXY protocol is spoken. Among sets alone all have to want it: with one that takes the header of anybody, anybody could say who the
 * clients of another team are.
 */
function speakersOf(heard: readonly Listener[], speaks: (listener: Listener) => boolean): readonly Listener[] {
  const speakers = heard.filter(speaks);
  return heard.some(isOfSet) && speakers.length < heard.length ? [] : speakers;
}

function speaksProxy({ proxyProtocol }: ClientAddress): boolean {
  return proxyProtocol !== 'Disabled';
}

function isRequired({ proxyProtocol }: ClientAddress): boolean {
  return proxyProtocol === 'Required';
}

/** Who may say by a PROXY header who the client is. */
function announcersOf(address: ClientAddress): (peer: string) => boolean {
  // Who demands the header of everybody and names no proxies has a network that lets only proxies in.
  if (isRequired(address) && address.trustedCIDRs.length === 0) return () => true;
  const trust = createTrust(address);
  return (peer) => trust.trustsPeer(peer, 0);
}
