/**
 * The IR: all that the data plane knows, written by translate, read by routing and upstream.
 *
 * Plain JSON without code or classes: it crosses threads as text, is the golden-test format, the debug dump and the last-known-good file.
 * Every section is a flat record of id → value, so that a change ships as the few entries that differ (`delta.ts`).
 * Durations are milliseconds, sizes bytes.
 */
import type { Cluster } from './cluster.ts';
import type { Filter } from './filter.ts';
import type { Listener, Socket } from './listener.ts';
import type { PolicyOrigin } from './policy.ts';
import type { Route } from './route.ts';
import type { Settings } from './settings.ts';

export interface Ir {
  /** One entry, `default`; a section like the others so that it ships like them. */
  readonly settings: Readonly<Record<'default', Settings>>;
  /** By socketId. */
  readonly sockets: Readonly<Record<string, Socket>>;
  /** By `namespace/gateway/listener`; those of ListenerSets by `namespace/gateway/namespace/set/listener`. */
  readonly listeners: Readonly<Record<string, Listener>>;
  /** By `Kind/namespace/name`. The hosts of an Ingress have rules of their own, so each is an entry: `Ingress/namespace/name/host`. */
  readonly routes: Readonly<Record<string, Route>>;
  /** By the hash of their content: one configuration stands once, however many rules use it. */
  readonly filters: Readonly<Record<string, Filter>>;
  /** By the hash of their content, too: where the policies of rules come from. */
  readonly policies: Readonly<Record<string, readonly PolicyOrigin[]>>;
  /** `Service/namespace/name:port`, `Backend/namespace/name:port`. */
  readonly clusters: Readonly<Record<string, Cluster>>;
  /** Key material, by `Secret/namespace/name`: a section of its own, so that a dump can leave it out. */
  readonly certificates: Readonly<Record<string, Certificate>>;
  /** CA bundles (PEM), by `ConfigMap/namespace/name` or `Secret/namespace/name`. */
  readonly authorities: Readonly<Record<string, string>>;
  /**
   * Shared secrets, keys and passwords that policies refer to; a section of its own for the same reason.
   * By `Secret/namespace/name/key@digest`: a value that changes has another name, so what uses it is built anew.
   */
  readonly secrets: Readonly<Record<string, string>>;
}

export type Section = keyof Ir;

export interface Certificate {
  /** PEM chain, leaf first. */
  readonly certificate: string;
  /** PEM private key. */
  readonly key: string;
}
