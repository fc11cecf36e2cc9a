/** How translators reach other objects. What a reference gives is named by its content, so a changed Secret is a changed configuration. */
import type { BackendObjectReference } from '../api/gatewayapi.ts';
import type { Kind, ObjectOf } from '../api/kinds.ts';
import type { Problem } from '../status/problem.ts';

export interface KeyRef {
  readonly name: string;
  readonly key: string;
}

/** References are to the namespace of the object that declares the policy, unless they have a namespace and a ReferenceGrant allows it. */
export interface PolicyContext {
  /** Of the object that declares the policy. */
  readonly namespace: string;
  /** @returns id in `Ir.secrets` (it changes when the value does) and the value as UTF-8, or why not */
  secret(ref: KeyRef, path: string): Found;
  /** The same of a ConfigMap, whose value goes into the configuration itself. */
  configMap(ref: KeyRef, path: string): { readonly value: string; readonly problem?: undefined } | Missing;
  /** A CA bundle: PEM, checked. */
  authority(ref: { readonly kind: string; readonly name: string }, path: string): Found;
  /** @returns id in `Ir.clusters`, or why not */
  backend(ref: BackendObjectReference, path: string): string | Problem;
  /** Whether there is a database of countries: the gateway was started with `--geoip-database`. */
  readonly hasCountries: boolean;
  /** Every object of a kind in this namespace, sorted by name; the same list as long as nothing changed. */
  list<K extends Kind>(kind: K): readonly ObjectOf<K>[];
}

export type Found = { readonly id: string; readonly value: string; readonly problem?: undefined } | Missing;
export interface Missing {
  /** Reason `RefNotFound` or `RefNotPermitted`: a reference that does not resolve (yet), unlike what can never work. */
  readonly problem: Problem;
}
