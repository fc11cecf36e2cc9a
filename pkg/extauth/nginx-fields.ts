/** What ingress-nginx tells an authorization service; oauth2-proxy, Authelia and Authentik are made for it. */
import { Buffer } from 'node:buffer';
import { escapedPem } from '../policy/certificate-pem.ts';
import type { ClientCertificate, Exchange } from '../policy/runtime.ts';
import { authorityOf, judgedTarget } from './judged.ts';

/**
 * Names in lower case. As there, X-Forwarded-Proto is not sent: services that see `http` in it answer with a redirect to https, of themselves.
 * Beyond it stands X-Forwarded-Host, by which oauth2-proxy chooses the domain of its cookies.
 */
export function nginxFields({ request, connection }: Exchange): Readonly<Record<string, string>> {
  const { method, scheme, clientAddress, headers } = request;
  const target = judgedTarget(request);
  const authority = authorityOf(request);
  const id = headers.get('x-request-id');
  return {
    'x-original-url': `${scheme}://${authority}${target}`,
    'x-original-method': method,
    'x-original-uri': target,
    'x-scheme': scheme,
    'x-sent-from': 'nginx-ingress-controller',
    'x-real-ip': clientAddress,
    'x-forwarded-for': clientAddress,
    'x-forwarded-host': authority,
    'x-auth-request-redirect': target,
    ...(id !== undefined && { 'x-request-id': id }),
    ...(connection.clientCertificate !== null && certificateFields(connection.clientCertificate)),
  };
}

/** Only verified certificates come here. */
function certificateFields(certificate: ClientCertificate): Readonly<Record<string, string>> {
  const { subject, issuer } = certificate;
  return {
    'ssl-client-verify': 'SUCCESS',
    'ssl-client-subject-dn': wire(subject),
    'ssl-client-issuer-dn': wire(issuer),
    'ssl-client-cert': escapedPem(certificate),
  };
}

// A CA may sign a name with a line break in it; text beyond ASCII goes as its UTF-8 bytes.
function wire(name: string): string {
  return Buffer.from(name.replace(/\p{Cc}/gu, ' '), 'utf8').toString('latin1');
}
