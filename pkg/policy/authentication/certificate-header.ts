/** A client certificate as a header field. */
import { Buffer } from 'node:buffer';
import { escapedPem } from '../certificate-pem.ts';
import type { ClientCertificate } from '../runtime.ts';
import type { CertificateFormat } from './clientcert-schema.ts';

/** @returns the value, text beyond ASCII as the bytes of its UTF-8 */
export function certificateValue(certificate: ClientCertificate, format: CertificateFormat): string {
  switch (format) {
    case 'XFCC':
      return Buffer.from(xfccOf(certificate), 'utf8').toString('latin1');
    case 'ClientCert':
      // RFC 9440 2.1: "a Structured Field Item, whose value is a Byte Sequence" of the DER.
      return `:${Buffer.from(certificate.raw).toString('base64')}:`;
    case 'PEM':
      return escapedPem(certificate);
    default:
      return format satisfies never;
  }
}

function xfccOf({ fingerprint, subject, uris, dnsNames }: ClientCertificate): string {
  const pairs = [
    `Hash=${fingerprint}`,
    `Subject="${subject.replace(/["\\]/g, '\\$&')}"`,
    ...uris.map((uri) => `URI=${quoted(uri)}`),
    ...dnsNames.map((name) => `DNS=${quoted(name)}`),
  ];
  return pairs.join(';');
}

// What separates pairs must not come out of a name: whatever is not plain stands in quotes.
function quoted(value: string): string {
  return /^[\w.:/@*~-]*$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
