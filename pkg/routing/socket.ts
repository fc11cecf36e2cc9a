/** From a socket to the rule: which listener takes the host, in which tier. The part of a table that the proxy asks. */
import type { Listener, Socket } from '../ir/listener.ts';
import { compareHostnames, HostMap } from './hosts.ts';
import type { ListenerTable } from './listener.ts';
import type { CompiledMatch } from './match.ts';
import { type MatchInput, Misdirected, type RuntimeRule, type SocketTable } from './table.ts';

/** Immutable. */
export class CompiledSocket implements SocketTable {
  readonly socket: Socket;
  readonly listeners: readonly Listener[];
  /** For each tier its listeners by hostname. */
  readonly tiers: readonly HostMap<ListenerTable>[];

  /** @param tables of the socket's listeners; an id without one is left out */
  constructor(socket: Socket, tables: ReadonlyMap<string, ListenerTable>) {
    this.socket = socket;
    this.listeners = socket.tiers.flat().flatMap((id) => tables.get(id)?.listener ?? []);
    this.tiers = socket.tiers.map((ids) => {
      const byHostname = new Map<string, ListenerTable>();
      for (const id of ids) {
        const table = tables.get(id);
        // Two listeners of one name on one socket are a conflict that translate settles; here the first one stays.
        if (table !== undefined && !byHostname.has(table.listener.hostname)) {
          byHostname.set(table.listener.hostname, table);
        }
      }
      return new HostMap(byHostname);
    });
  }

  // Over all tiers, since the catch-all of a real Gateway must not hide the certificate that an Ingress has for this very name.
  listenerForName(servername: string): Listener | undefined {
    let best: Listener | undefined;
    for (const tier of this.tiers) {
      const listener = tier.get(servername)?.listener;
      if (listener === undefined) continue;
      if (best === undefined || compareHostnames(listener.hostname, best.hostname) < 0) best = listener;
    }
    return best;
  }

  match(request: MatchInput, servername: string | null): CompiledMatch | Misdirected | undefined {
    for (let i = 0; i < this.tiers.length; i++) {
      const tier = this.tiers[i]!;
      const table = tier.get(request.host);
      // A connection whose handshake was for another listener carries neither its certificate nor its demands on the client's:
      // "the Gateway SHOULD return a 421". Names that lead to one listener may share a connection (RFC 9110 7.4).
      if (servername !== null && servername !== request.host && tier.get(servername) !== table) return Misdirected;
      if (table === undefined) continue;
      // Listener isolation: no other listener of this tier is asked, whether or not this one has a route.
      const found = table.find(request);
      if (found !== null) return found;
    }
    return undefined;
  }

  find(request: MatchInput, servername: string | null): RuntimeRule | Misdirected | undefined {
    const match = this.match(request, servername);
    return match === undefined || match === Misdirected ? match : match.rule;
  }
}
