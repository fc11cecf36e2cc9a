/** What one listener serves: its routes by hostname. Part of a table, shared by the next one unless a route on it changed. */
import type { Listener } from '../ir/listener.ts';
import type { HostTable } from './host-table.ts';
import { HostMap } from './hosts.ts';
import type { CompiledMatch } from './match.ts';
import type { MatchInput } from './table.ts';

/** Immutable. */
export class ListenerTable {
  readonly listener: Listener;
  /** The same listener as rules refer to it: its `tls` may be older. */
  readonly place: Listener;
  /** By hostname pattern. */
  readonly hosts: ReadonlyMap<string, HostTable>;
  readonly #map: HostMap<HostTable>;

  constructor(listener: Listener, place: Listener, hosts: ReadonlyMap<string, HostTable>) {
    this.listener = listener;
    this.place = place;
    this.hosts = hosts;
    this.#map = new HostMap(hosts);
  }

  /**
   * Gateway API, HTTPRoute.hostnames: "precedence must be given to rules from the HTTPRoute with the largest number of characters in a
   * matching non-wildcard hostname, characters in a matching hostname": a wider one is asked where no rule of the narrower fits.
   */
  find(request: MatchInput): CompiledMatch | null {
    const exact = this.#map.exact(request.host);
    if (exact !== undefined) {
      const found = exact.find(request);
      if (found !== null) return found;
    }
    for (let wider = this.#map.wider(request.host); wider !== null; wider = wider.less) {
      const found = wider.value.find(request);
      if (found !== null) return found;
    }
    return null;
  }
}
