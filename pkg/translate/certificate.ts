/** TLS Secrets: reads a certificate reference and checks all that can be checked before a client does. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../api/core.ts';
import type { KubeObject } from '../api/object.ts';
import type { Certificate } from '../ir/ir.ts';
import type { Problem } from '../status/problem.ts';
import { grantMissing, referenceAllowed } from './referencegrant.ts';
import type { World } from './world.ts';

export interface CertificateRef {
  /** Default: core, `''`. */
  readonly group?: string;
  /** Default: Secret. */
  readonly kind?: string;
  /** Default: that of the object that refers. */
  readonly namespace?: string;
  readonly name: string;
}

export type FoundCertificate =
  | { readonly id: string; readonly certificate: Certificate; readonly problem?: undefined }
  | { readonly id?: undefined; readonly problem: Problem };

export function resolveCertificate(
  from: KubeObject,
  ref: CertificateRef,
  path: string,
  world: World,
): FoundCertificate {
  const { group = '', kind = 'Secret', namespace = from.metadata.namespace, name } = ref;
  const failed = (reason: string, message: string): FoundCertificate => ({ problem: { path, reason, message } });

  if (group !== '' || kind !== 'Secret') {
    const full = group === '' ? kind : `${kind}.${group}`;
    return failed(
      'InvalidCertificateRef',
      `${full} cannot hold a certificate; refer to a Secret of type kubernetes.io/tls (group "", kind Secret)`,
    );
  }
  const target = { group, kind, namespace, name };
  if (!referenceAllowed(from, target, world)) return failed('RefNotPermitted', grantMissing(from, target));
  return findCertificate({ namespace, name }, path, world);
}

/** What `--default-certificate` names, for whoever has no other: nobody refers to it, so it needs no grant. Undefined: it names none. */
export function findDefaultCertificate(path: string, world: World): FoundCertificate | undefined {
  return world.defaultCertificate && findCertificate(world.defaultCertificate, path, world);
}

function findCertificate(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  path: string,
  world: World,
): FoundCertificate {
  const failed = (message: string): FoundCertificate => ({
    problem: { path, reason: 'InvalidCertificateRef', message: `Secret ${namespace}/${name} ${message}` },
  });
  const secret = world.get('Secret', namespace, name);
  if (secret === undefined) return failed('not found; create it or correct the name');
  const certificate = readCertificate(secret, world.secrets);
  if (typeof certificate === 'string') return failed(certificate);
  return { id: `Secret/${namespace}/${name}`, certificate };
}

/** Parsing is 1,000 times dearer than looking up, and a Secret stays the same instance while it does not change. */
export type CheckedSecrets = WeakMap<Secret, Certificate | string>;

/** @returns what is wrong with the Secret, as the rest of a sentence, if it is a text */
export function readCertificate(secret: Secret, checked: CheckedSecrets): Certificate | string {
  const known = checked.get(secret);
  if (known !== undefined) return known;
  const result = check(secret);
  checked.set(secret, result);
  return result;
}

function check({ data }: Secret): Certificate | string {
  const chain = data['tls.crt'];
  const secretKey = data['tls.key'];
  if (chain === undefined || secretKey === undefined) {
    const missing = [chain === undefined ? 'tls.crt' : '', secretKey === undefined ? 'tls.key' : ''].filter(
      (name) => name !== '',
    );
    return `has no ${missing.join(' and no ')}; write the PEM chain to tls.crt and the PEM key to tls.key`;
  }
  const certificate = Buffer.from(chain, 'base64').toString('latin1');
  const key = Buffer.from(secretKey, 'base64').toString('latin1');

  const blocks = certificate.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0)
    return 'has no PEM certificate in tls.crt; write the chain, leaf first, as -----BEGIN CERTIFICATE----- blocks';
  const parsed = blocks.map((block) => attempt(() => new X509Certificate(block)));
  const broken = parsed.indexOf(undefined);
  if (broken >= 0) return `holds a certificate that cannot be parsed: block ${broken + 1} of tls.crt`;
  const privateKey = attempt(() => createPrivateKey(key));
  if (privateKey === undefined)
    return 'holds no usable private key in tls.key; write it as unencrypted PEM (PKCS #8, PKCS #1 or SEC 1)';
  if (parsed[0]?.checkPrivateKey(privateKey) !== true) {
    return 'holds a key that does not belong to its certificate; tls.key must be the key of the first certificate in tls.crt';
  }
  return { certificate, key };
}

// OpenSSL reports what it cannot read by throwing.
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
