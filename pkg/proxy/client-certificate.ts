/** The certificate that a client showed in its handshake, as policies see it. Read by the socket transport when somebody asks first. */
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../policy/runtime.ts';

type Names = Pick<ClientCertificate, 'dnsNames' | 'uris' | 'emails'>;

const noNames: Names = { dnsNames: [], uris: [], emails: [] };

/** null without a certificate, and for one that the authorities of the listener do not vouch for, which mode `Ask` lets pass. */
export function readClientCertificate(secure: TLSSocket): ClientCertificate | null {
  if (!isVerified(secure)) return null;
  const certificate = secure.getPeerX509Certificate();
  if (certificate === undefined) return null;
  return {
    raw: certificate.raw,
    subject: distinguishedName(certificate.subject),
    issuer: distinguishedName(certificate.issuer),
    ...alternativeNames(certificate.subjectAltName ?? ''),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    serialNumber: certificate.serialNumber.toUpperCase(),
  };
}

/**
 * Whether the client's certificate was verified; also true of a resumed session without one. Node's verify callback lets every certificate pass and
 * leaves the verdict here; only a `tls.Server` turns it into `authorized`, and that would take the ClientHello from us. A Node without this method
 * lets nobody in, which the tests would show.
 */
export function isVerified(secure: TLSSocket): boolean {
  const { ssl } = secure as unknown as { readonly ssl?: { verifyError?(): Error | null } | null };
  return ssl?.verifyError !== undefined && ssl.verifyError() === null;
}

/**
 * Node's name, one RDN a line with values escaped as in RFC 4514 2.4 (a line feed is `\0A`) → RFC 4514, most specific first:
 * "starting with the last element of the sequence and moving backwards toward the first".
 */
export function distinguishedName(lines: string | undefined): string {
  if (lines === undefined || lines === '') return '';
  return lines
    .split('\n')
    .toReversed()
    .map((rdn) => rdn.replaceAll(' + ', '+'))
    .join(',');
}

/**
 * Node's list of subject alternative names. A value that holds a comma, a quote or a control character is a JSON string in it: cut at commas alone,
 * a certificate for `a", DNS:bank.example` would speak for both (CVE-2021-44532). What cannot be read gives no names at all.
 */
export function alternativeNames(list: string): Names {
  if (list === '') return noNames;
  const names = { dnsNames: [] as string[], uris: [] as string[], emails: [] as string[] };
  const entry = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
  while (entry.lastIndex < list.length) {
    const [, kind, text] = entry.exec(list) ?? [];
    const value = kind === undefined || text === undefined ? null : unquoted(text);
    if (value === null) return noNames;
    if (kind === 'DNS') names.dnsNames.push(value);
    else if (kind === 'URI') names.uris.push(value);
    else if (kind === 'email') names.emails.push(value);
  }
  return names;
}

function unquoted(text: string): string | null {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    return null;
  }
}
