/** Client certificates: what a worker needs of them. */
import type { ClaimHeader } from './claim-header.ts';

export const SOURCES = ['Subject', 'CommonName', 'DNS', 'URI', 'SPIFFE', 'Email', 'Fingerprint'] as const;
export type CertificateSource = (typeof SOURCES)[number];

export const FORMATS = ['XFCC', 'ClientCert', 'PEM'] as const;
export type CertificateFormat = (typeof FORMATS)[number];

export interface ClientCertificateConfig {
  /** What names who is asking. */
  readonly subjectFrom: CertificateSource;
  /** One of these must hold; `[]`: whatever the listener trusts. */
  readonly allow: readonly AllowedCertificate[];
  readonly claimToHeaders: readonly ClaimHeader[];
  readonly certificateHeaders: readonly CertificateHeader[];
}

export interface AllowedCertificate {
  readonly type: CertificateSource;
  /** As it is compared: DNS names and fingerprints in lower case, fingerprints without colons. */
  readonly value: string;
}

export interface CertificateHeader {
  readonly header: string;
  readonly format: CertificateFormat;
}
