/** Listeners of one Gateway that cannot be told apart. */
import type { Listener } from '../api/gatewayapi.ts';
import type { Problem } from '../status/problem.ts';
import { intersectHostnames, normaliseHostname } from './hostname.ts';

/**
 * "A Listener is distinct if it differs in port, protocol and hostname as its protocol allows … If a group of Listeners are
 * Conflicted, the implementation MUST … not accept any of them": there is no winner within one Gateway (Gateway API, listeners).
 */
export function findConflicts(listeners: readonly Listener[]): ReadonlyMap<Listener, Problem> {
  const problems = new Map<Listener, Problem>();
  for (const [i, listener] of listeners.entries()) {
    const samePort = listeners.filter((other) => other !== listener && other.port === listener.port);
    const protocol = samePort.find((other) => familiesClash(family(listener), family(other)));
    const hostname = samePort.find(
      (other) =>
        family(listener) === family(other) &&
        normaliseHostname(other.hostname) === normaliseHostname(listener.hostname),
    );
    const path = `spec.listeners[${i}]`;
    if (protocol !== undefined) {
      const message = `port ${listener.port} is ${listener.protocol} here and ${protocol.protocol} in listener ${protocol.name}; give each its own port`;
      problems.set(listener, { path: `${path}.port`, reason: 'ProtocolConflict', message });
    } else if (hostname !== undefined) {
      const host = normaliseHostname(listener.hostname) || 'every hostname';
      const message = `port ${listener.port} with ${host} is claimed by listener ${hostname.name}, too; change one port or hostname`;
      problems.set(listener, { path: `${path}.hostname`, reason: 'HostnameConflict', message });
    }
  }
  return problems;
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
