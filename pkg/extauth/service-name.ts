/** What a service that a backendRef names is called in requests to it. */
import type { BackendObjectReference } from '../api/gatewayapi.ts';

/** @param namespace of the object that refers to it */
export function serviceAuthority(ref: BackendObjectReference, namespace: string): string {
  const host = `${ref.name}.${ref.namespace ?? namespace}`;
  return ref.port === undefined ? host : `${host}:${ref.port}`;
}
