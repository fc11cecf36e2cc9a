/** What a certificate says of who holds it, and what is allowed to say so. */
import type { ClientCertificate } from '../runtime.ts';
import type { AllowedCertificate, CertificateSource } from './clientcert-schema.ts';
import { valuesOf } from './distinguished-name.ts';

/** SPIFFE-ID 2: a trust domain in lower case, and a path without empty, `.` and `..` segments. */
const spiffe = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;

/** Names of one kind; `[]` if it has none. */
export function namesOf(certificate: ClientCertificate, source: CertificateSource): readonly string[] {
  const { subject, dnsNames, uris, emails, fingerprint } = certificate;
  switch (source) {
    case 'Subject':
      return subject === '' ? [] : [subject];
    case 'CommonName':
      return valuesOf(subject, 'CN').filter((name) => name !== '');
    case 'DNS':
      return dnsNames.map((name) => name.toLowerCase());
    case 'URI':
      return uris;
    case 'SPIFFE':
      // X509-SVID 2: "An X.509 SVID MUST contain exactly one URI SAN". One that has more is nobody's.
      return uris.length === 1 && spiffe.test(uris[0] ?? '') ? uris : [];
    case 'Email':
      return emails;
    case 'Fingerprint':
      return [fingerprint];
    default:
      return source satisfies never;
  }
}

/** Whether the certificate has a name that is allowed. */
export function isAllowed(certificate: ClientCertificate, allow: readonly AllowedCertificate[]): boolean {
  return allow.length === 0 || allow.some(({ type }) => allowedNames(certificate, type, allow).length > 0);
}

/**
 * Who is asking; undefined if the certificate does not say. Of several names it is one that is allowed: a certificate for `a` and `b` that is
 * let in for `b` must not act as `a`.
 */
export function subjectOf(
  certificate: ClientCertificate,
  source: CertificateSource,
  allow: readonly AllowedCertificate[],
): string | undefined {
  const judged = allow.some(({ type }) => type === source);
  const names = judged ? allowedNames(certificate, source, allow) : namesOf(certificate, source);
  // Common names are free text: of two that nobody has chosen from, who knows which one a CA has looked at.
  return names.length > 1 && source === 'CommonName' ? undefined : names[0];
}

function allowedNames(
  certificate: ClientCertificate,
  source: CertificateSource,
  allow: readonly AllowedCertificate[],
): readonly string[] {
  const values = allow.filter(({ type }) => type === source);
  return namesOf(certificate, source).filter((name) => values.some(({ value }) => matches(source, value, name)));
}

function matches(type: CertificateSource, value: string, name: string): boolean {
  if (name === value) return true;
  if (type === 'DNS' && value.startsWith('*.')) {
    const dot = name.indexOf('.');
    return dot > 0 && name.slice(dot) === value.slice(1);
  }
  if ((type === 'URI' || type === 'SPIFFE') && value.endsWith('/*'))
    return name.startsWith(value.slice(0, -1)) && name.length >= value.length && !climbs(name);
  return false;
}

/** Whether a reader could end up elsewhere than below where the text begins: dot segments, escaped or not. */
function climbs(uri: string): boolean {
  return /[/\\](?:\.|%2e){1,2}(?:[/\\?#]|$)|%2f|%5c|\\/i.test(uri);
}
