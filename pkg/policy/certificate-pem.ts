/** A client certificate in a header field. */
import { Buffer } from 'node:buffer';
import type { ClientCertificate } from './runtime.ts';

/** PEM, percent-encoded, as nginx writes `$ssl_client_escaped_cert`. */
export function escapedPem({ raw }: ClientCertificate): string {
  const lines = Buffer.from(raw)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return encodeURIComponent(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`);
}
