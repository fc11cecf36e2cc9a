/** Control-plane half of client certificates. */
import type { Problem } from '../../status/problem.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { AllowedCertificate, CertificateSource, ClientCertificateConfig } from './clientcert-schema.ts';
import type { ClientCertificateSpec } from './clientcert-spec.ts';
import { headerProblems } from './identity-header.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateClientCertificate(
  spec: ClientCertificateSpec,
  path: string,
): Translated<ClientCertificateConfig> {
  const { subjectFrom, allow = [], claimToHeaders = [], certificateHeaders = [] } = spec;
  const places = [
    ...claimToHeaders.map(({ header }, i) => [header, `${path}.claimToHeaders[${i}].header`] as const),
    ...certificateHeaders.map(({ header }, i) => [header, `${path}.certificateHeaders[${i}].header`] as const),
  ];
  const allowed = allow.map(comparable);
  const problems = [
    ...allowed.flatMap((entry, i) => valueProblem(entry, `${path}.allow[${i}].value`)),
    ...headerProblems(
      places.map(([header]) => header),
      [],
      (i) => places[i]?.[1] ?? path,
    ),
  ];
  if (problems.length > 0) return problems;
  return { subjectFrom, allow: allowed, claimToHeaders, certificateHeaders };
}

function comparable({ type, value }: AllowedCertificate): AllowedCertificate {
  if (type === 'DNS') return { type, value: value.toLowerCase() };
  return type === 'Fingerprint' ? { type, value: value.toLowerCase().replaceAll(':', '') } : { type, value };
}

/** What each kind of value looks like, and what to write. A value that can never match would lock everybody out without a word. */
const forms: { readonly [S in CertificateSource]?: readonly [form: RegExp, fix: string] } = {
  DNS: [/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/, 'write a DNS name, or *. and one'],
  URI: [/^[a-z][a-z0-9+.-]*:[^*\s]+\*?$/i, 'write a URI; a * may stand at its end, behind a /'],
  SPIFFE: [
    /^spiffe:\/\/[a-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*(?:\/\*)?$/,
    'write spiffe://TRUST-DOMAIN/PATH, or /* at its end',
  ],
  Email: [/^[^@\s]+@[^@\s]+$/, 'write an address'],
  Fingerprint: [/^[0-9a-f]{64}$/, 'write the SHA-256 of the certificate: openssl x509 -noout -fingerprint -sha256'],
};

function valueProblem({ type, value }: AllowedCertificate, path: string): readonly Problem[] {
  const form = forms[type];
  const starred = value.endsWith('*') && (type === 'URI' || type === 'SPIFFE') && !value.endsWith('/*');
  if (form === undefined || (form[0].test(value) && !starred)) return [];
  return [unsupported(path, `${JSON.stringify(value)} is no value of type ${type}; ${form[1]}`)];
}
