/** Listeners of one Gateway, its ListenerSets included, that cannot be told apart. */
import type { Listener } from '../api/gatewayapi.ts';
import type { Problem } from '../status/problem.ts';
import { intersectHostnames, normaliseHostname } from './hostname.ts';

/**
 * "A Listener is distinct if it differs in port, protocol and hostname as its protocol allows … If a group of Listeners are
 * Conflicted, the implementation MUST … not accept any of them": there is no winner within one Gateway (Gateway API, listeners).
 */
export function findConflicts(listeners: readonly Listener[]): ReadonlyMap<Listener, Problem> {
  const claims = listeners.map((listener) => ({ listener, of: '' }));
  const problems = new Map<Listener, Problem>();
  for (const [i, listener] of listeners.entries()) {
    const problem = findClash(listener, i, claims);
    if (problem !== undefined) problems.set(listener, problem);
  }
  return problems;
}

/** Listeners of one object, and how messages call it: ` of ListenerSet shop/more`. */
export interface ListenerGroup {
  readonly listeners: readonly Listener[];
  readonly of: string;
}

/**
 * Those of the Gateway come first, then those of the oldest ListenerSet (Gateway API: "listener precedence"). Who comes first keeps port and hostname,
 * so a set cannot take anything from a Gateway. Within one set there is no winner, as within one Gateway.
 * @param sets oldest first
 */
export function findSetConflicts(
  gateway: ListenerGroup,
  sets: readonly ListenerGroup[],
): ReadonlyMap<Listener, Problem> {
  const problems = new Map<Listener, Problem>();
  const claims = gateway.listeners.map((listener) => ({ listener, of: gateway.of }));
  for (const { listeners, of } of sets) {
    const lost = listeners.map((listener, i) => findClash(listener, i, claims));
    const left = listeners.filter((_, i) => lost[i] === undefined).map((listener) => ({ listener, of: '' }));
    for (const [i, listener] of listeners.entries()) {
      const problem = lost[i] ?? findClash(listener, i, left);
      if (problem === undefined) claims.push({ listener, of });
      else problems.set(listener, problem);
    }
  }
  return problems;
}

interface Claim {
  readonly listener: Listener;
  readonly of: string;
}

function findClash(listener: Listener, index: number, claims: readonly Claim[]): Problem | undefined {
  const samePort = claims.filter((claim) => claim.listener !== listener && claim.listener.port === listener.port);
  const path = `spec.listeners[${index}]`;
  const protocol = samePort.find((claim) => familiesClash(family(listener), family(claim.listener)));
  if (protocol !== undefined) {
    const message = `port ${listener.port} is ${listener.protocol} here and ${protocol.listener.protocol} in listener ${protocol.listener.name}${protocol.of}; give each its own port`;
    return { path: `${path}.port`, reason: 'ProtocolConflict', message };
  }
  const hostname = samePort.find(
    (claim) =>
      family(listener) === family(claim.listener) &&
      normaliseHostname(claim.listener.hostname) === normaliseHostname(listener.hostname),
  );
  if (hostname === undefined) return undefined;
  const host = normaliseHostname(listener.hostname) || 'every hostname';
  const message = `port ${listener.port} with ${host} is claimed by listener ${hostname.listener.name}${hostname.of}, too; change one port or hostname`;
  return { path: `${path}.hostname`, reason: 'HostnameConflict', message };
}

/**
 * "OverlappingTLSConfig … indicates that TLS configuration for this Listener overlaps with the TLS configuration of another
 * Listener": a client may reuse the connection of one for hostnames of the other, which is then answered 421.
 * @returns the message of the condition, by listener
 */
export function findOverlaps(listeners: readonly Listener[]): ReadonlyMap<Listener, string> {
  const overlaps = new Map<Listener, string>();
  const https = listeners.filter(({ protocol }) => protocol === 'HTTPS');
  for (const listener of https) {
    const own = normaliseHostname(listener.hostname);
    const met = https.filter(
      (other) =>
        other.port === listener.port &&
        normaliseHostname(other.hostname) !== own &&
        intersectHostnames(normaliseHostname(other.hostname), own) !== undefined,
    );
    if (met.length === 0) continue;
    const names = met.map(({ name }) => name).join(', ');
    overlaps.set(
      listener,
      `hostnames of ${names} meet those of this listener; requests on a connection of the other are answered 421`,
    );
  }
  return overlaps;
}

type Family = 'http' | 'tls' | 'tcp' | 'udp' | 'unknown';

function family({ protocol }: Listener): Family {
  switch (protocol) {
    case 'HTTP':
      return 'http';
    // Told apart by the server name, so they may share a port.
    case 'HTTPS':
    case 'TLS':
      return 'tls';
    case 'TCP':
      return 'tcp';
    case 'UDP':
      return 'udp';
    default:
      return 'unknown';
  }
}

// UDP has ports of its own; what we do not know cannot be said to clash.
function familiesClash(a: Family, b: Family): boolean {
  return a !== b && ![a, b].some((f) => f === 'udp' || f === 'unknown');
}
