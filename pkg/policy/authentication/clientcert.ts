/** Data-plane half of client certificates: who the listener has let in, as an identity. */
import type { Identity } from '../identity.ts';
import type { ClientCertificate, HeaderView } from '../runtime.ts';
import { createEraser } from '../spellings.ts';
import { certificateValue } from './certificate-header.ts';
import { isAllowed, namesOf, subjectOf } from './certificate-names.ts';
import { ClaimFields } from './claim-fields.ts';
import type { CertificateHeader, ClientCertificateConfig } from './clientcert-schema.ts';
import type { Method, Outcome } from './method.ts';

// TLS has no scheme of HTTP that a challenge could name.
const absent: Outcome = { kind: 'absent', challenge: '' };
const refused: Outcome = { kind: 'refused', challenge: '' };
const forbidden: Outcome = { kind: 'forbidden', challenge: '' };

export function createClientCertificate(name: string, config: ClientCertificateConfig): Method {
  const fields = new ClaimFields(config.claimToHeaders);
  const certificates = config.certificateHeaders;
  const erase = createEraser(certificates.map(({ header }) => header));
  /** A connection has one certificate, and many requests. */
  const known = new WeakMap<ClientCertificate, Outcome>();

  function judge(certificate: ClientCertificate): Outcome {
    if (!isAllowed(certificate, config.allow)) return forbidden;
    const subject = subjectOf(certificate, config.subjectFrom, config.allow);
    if (subject === undefined) return refused;
    const identity = identityOf(name, subject, certificate);
    return fields.fits(identity) && isPrintable(certificate) ? { kind: 'accepted', identity } : refused;
  }

  return {
    name,
    cleanse({ request }) {
      fields.remove(request.headers);
      erase(request.headers);
    },
    authenticate({ connection: { clientCertificate: certificate } }) {
      if (certificate === null) return absent;
      let outcome = known.get(certificate);
      if (outcome === undefined) known.set(certificate, (outcome = judge(certificate)));
      return outcome;
    },
    accepted({ request, connection }, identity) {
      fields.set(request.headers, identity);
      if (connection.clientCertificate !== null) write(request.headers, certificates, connection.clientCertificate);
    },
  };
}

function write(headers: HeaderView, names: readonly CertificateHeader[], certificate: ClientCertificate): void {
  for (const { header, format } of names) headers.set(header, certificateValue(certificate, format));
}

// eslint-disable-next-line no-control-regex
const control = /[\x00-\x1f\x7f]/;

/** A CA that signs a name with a line break in it signs anything. */
function isPrintable({ subject, issuer, dnsNames, uris, emails }: ClientCertificate): boolean {
  return ![subject, issuer, ...dnsNames, ...uris, ...emails].some((text) => control.test(text));
}

function identityOf(provider: string, subject: string, certificate: ClientCertificate): Identity {
  const { subject: name, issuer, serialNumber, fingerprint, dnsNames, uris, emails } = certificate;
  const [cn] = namesOf(certificate, 'CommonName');
  return {
    method: 'ClientCertificate',
    provider,
    subject,
    tenant: '',
    scopes: [],
    roles: [],
    claims: {
      sub: subject,
      subject: name,
      issuer,
      serial: serialNumber,
      fingerprint,
      ...(cn !== undefined && { cn }),
      dns: dnsNames,
      uri: uris,
      email: emails,
    },
  };
}
