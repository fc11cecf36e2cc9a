/** How connections to backends are secured: server name, authorities, client certificate, and the names the certificate must bear. */
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { UpstreamTls } from '../ir/cluster.ts';
import type { Ir } from '../ir/ir.ts';

export type TlsOptions = Pick<
  ConnectionOptions,
  'servername' | 'ca' | 'cert' | 'key' | 'checkServerIdentity' | 'minVersion' | 'rejectUnauthorized'
>;

/** A certificate or authority that the cluster refers to is not in the IR. */
export const Missing = 'missing';
export type Missing = typeof Missing;

/**
 * Options for `tls.connect`.
 * @returns Missing if a reference does not resolve: nothing is connected then, since trust must not widen because a ConfigMap vanished
 */
export function tlsOptions(
  tls: UpstreamTls,
  certificates: Ir['certificates'],
  authorities: Ir['authorities'],
): TlsOptions | Missing {
  const own = tls.clientCertificate === undefined ? undefined : certificates[tls.clientCertificate];
  if (tls.clientCertificate !== undefined && own === undefined) return Missing;
  const trusted: string[] = [];
  for (const id of tls.authorities) {
    const bundle = authorities[id];
    if (bundle === undefined) return Missing;
    trusted.push(bundle);
  }
  return {
    servername: tls.servername,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(trusted.length === 0 ? {} : { ca: trusted }),
    ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
    checkServerIdentity: (host, certificate) => identityError(tls, host, certificate),
  };
}

/** BackendTLSPolicy: with subjectAltNames "the Hostname field is used as SNI only", and one of the names listed must be in the certificate. */
function identityError(tls: UpstreamTls, host: string, certificate: PeerCertificate): Error | undefined {
  if (tls.subjectAltNames.length === 0) return checkServerIdentity(tls.servername || host, certificate);
  const uris = urisOf(certificate.subjectaltname ?? '');
  const found = tls.subjectAltNames.some(({ kind, value }) =>
    kind === 'URI' ? uris.includes(value) : checkServerIdentity(value, certificate) === undefined,
  );
  if (found) return undefined;
  return Object.assign(new Error('The certificate bears none of the subjectAltNames'), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}

/** `DNS:a.example.com, URI:spiffe://x, URI:"quoted, as JSON"`: a quoted value may hold what looks like another entry (CVE-2021-44532). */
export function urisOf(subjectAltName: string): readonly string[] {
  const uris: string[] = [];
  for (const [, kind, quoted, plain] of subjectAltName.matchAll(
    /([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/gy,
  )) {
    if (kind === 'URI') uris.push(quoted === undefined ? plain! : (JSON.parse(quoted) as string));
  }
  return uris;
}
