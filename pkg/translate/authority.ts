/** CA bundles: reads a reference to a ConfigMap or Secret that holds `ca.crt`. */
import { X509Certificate } from 'node:crypto';
import type { KubeObject } from '../api/object.ts';
import type { Problem } from '../status/problem.ts';
import { grantMissing, referenceAllowed } from './referencegrant.ts';
import type { World } from './world.ts';

export interface AuthorityRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** Default: that of the object that refers. */
  readonly namespace?: string;
}

export type FoundAuthority =
  | { readonly id: string; readonly pem: string; readonly problem?: undefined }
  | { readonly id?: undefined; readonly pem?: undefined; readonly problem: Problem };

/** @param path where the reference stands, for messages */
export function resolveAuthority(from: KubeObject, ref: AuthorityRef, path: string, world: World): FoundAuthority {
  const { group, kind, name, namespace = from.metadata.namespace } = ref;
  const failed = (reason: string, message: string): FoundAuthority => ({ problem: { path, reason, message } });
  if (group !== '' || (kind !== 'ConfigMap' && kind !== 'Secret')) {
    return failed(
      'InvalidKind',
      `${kind} cannot hold CA certificates; refer to a ConfigMap or Secret with the key ca.crt`,
    );
  }
  const target = { group, kind, namespace, name };
  if (!referenceAllowed(from, target, world)) return failed('RefNotPermitted', grantMissing(from, target));
  const id = `${kind}/${namespace}/${name}`;
  const object = world.get(kind, namespace, name);
  if (object === undefined)
    return failed('InvalidCACertificateRef', `${kind} ${namespace}/${name} not found; create it or correct the name`);
  const value = object.data['ca.crt'];
  if (value === undefined)
    return failed(
      'InvalidCACertificateRef',
      `${kind} ${namespace}/${name} has no key ca.crt; write the PEM bundle there`,
    );
  const pem = kind === 'Secret' ? Buffer.from(value, 'base64').toString('latin1') : value;
  if (!isBundle(pem)) {
    return failed(
      'InvalidCACertificateRef',
      `ca.crt of ${kind} ${namespace}/${name} holds no certificate that can be parsed; write PEM blocks -----BEGIN CERTIFICATE-----`,
    );
  }
  return { id, pem };
}

function isBundle(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) void new X509Certificate(block);
    return blocks.length > 0;
  } catch {
    return false;
  }
}
