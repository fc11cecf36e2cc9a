/**
 * Which collections have not been readable for a while, for whoever operates the gateway; and which of them the first state may do without.
 * Used by `kube.ts`.
 */
import type { Kind } from '../api/kinds.ts';
import type { Clock } from '../store/clock.ts';

/** `HTTPRoute`, or `HTTPRoute in shop`, and the last error. */
export interface Unread {
  readonly collection: string;
  readonly message: string;
}

/** ms. An API server that restarts is nothing to tell. */
const Patience = 10_000;

/**
 * What a configuration without a kind that exists, and only cannot be read, would do to requests.
 * - `opens`: all the rest would be served, without what protects it. Also one that the gateway may not read is waited for: a role of an
 *   older version, which does not know the kind, must not switch every policy off.
 * - `waits`: some request would be answered by another rule than the one that is meant for it, without what protects it there: a route
 *   with authentication is missing, and the one for `/` takes its place; the label of a namespace is not known; a listener is missing, and a
 *   wider one takes the connection. Or nothing could be served at all (Services and their endpoints).
 * - `closes`: whoever refers to it answers 500 itself, and nobody else gets the request.
 * A kind whose CRD is missing is none of these: it has no objects, and nobody can have relied on it.
 */
const Without: Readonly<Record<Kind, 'opens' | 'waits' | 'closes'>> = {
  GatewayClass: 'waits',
  GatewayClassConfig: 'opens',
  GatewayPolicy: 'opens',
  APIKey: 'closes',
  IngressClass: 'waits',
  Gateway: 'waits',
  ListenerSet: 'waits',
  HTTPRoute: 'waits',
  GatewayRoute: 'waits',
  Ingress: 'waits',
  Namespace: 'waits',
  Secret: 'waits',
  ConfigMap: 'waits',
  Service: 'waits',
  EndpointSlice: 'waits',
  ReferenceGrant: 'closes',
  Backend: 'closes',
};

export function mayBeLeftOut(kind: Kind): boolean {
  return Without[kind] === 'closes';
}

export function protects(kind: Kind): boolean {
  return Without[kind] === 'opens';
}

export class UnreadCollections {
  readonly #clock: Clock;
  readonly #onChange: (unread: readonly Unread[]) => void;
  readonly #failing = new Map<string, { readonly since: number; readonly message: string }>();
  #told = new Set<string>();
  #cancel: (() => void) | undefined;

  /** @param onChange told of those that fail for longer than 10 s, whenever others do */
  constructor(clock: Clock, onChange: (unread: readonly Unread[]) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  failed(collection: string, message: string): void {
    const since = this.#failing.get(collection)?.since ?? this.#clock.now();
    this.#failing.set(collection, { since, message });
    this.#look();
  }

  settled(collection: string): void {
    if (this.#failing.delete(collection)) this.#look();
  }

  close(): void {
    this.#cancel?.();
  }

  #look(): void {
    this.#cancel?.();
    const now = this.#clock.now();
    const overdue = [...this.#failing].filter(([, { since }]) => now - since >= Patience);
    const next = Math.min(
      ...[...this.#failing.values()].map(({ since }) => since + Patience - now).filter((left) => left > 0),
    );
    if (Number.isFinite(next)) this.#cancel = this.#clock.after(next, () => this.#look());
    const names = new Set(overdue.map(([collection]) => collection));
    if (names.symmetricDifference(this.#told).size === 0) return;
    this.#told = names;
    this.#onChange(overdue.map(([collection, { message }]) => ({ collection, message })));
  }
}
