/** What users write under `clientCertificate`. */
import { Type } from 'typebox';
import { choice, list, text, type ValueOf } from '../../api/schema.ts';
import { FORMATS, SOURCES } from './clientcert-schema.ts';
import { claimToHeaders, headerName } from './credential-spec.ts';

export const clientCertificateSchema = Type.Object(
  {
    subjectFrom: choice(SOURCES, 'What of the certificate names who is asking; a certificate without it is refused.', {
      default: 'Subject',
    }),
    allow: Type.Optional(
      list(
        Type.Object({
          type: choice(SOURCES, 'What is compared.'),
          value: text(
            1024,
            'Value. DNS may begin with `*.` (one label), URI and SPIFFE may end with `/*` (all below), Fingerprint is SHA-256 in hex.',
          ),
        }),
        64,
        'One of these must hold, or it is 403. Absent: every certificate that the listener trusts.',
      ),
    ),
    claimToHeaders,
    certificateHeaders: Type.Optional(
      list(
        Type.Object({
          header: headerName,
          format: choice(
            FORMATS,
            'XFCC: hash, subject and names, as Envoy writes x-forwarded-client-cert. ClientCert: the certificate as RFC 9440 has it. PEM: the same as PEM, percent-encoded.',
          ),
        }),
        4,
        'Headers in which the backend gets the certificate. What clients send under these names is always removed.',
      ),
    ),
  },
  {
    description:
      'Certificate of the client, which the listener has verified. Claims: sub, subject, issuer, serial, fingerprint, cn, dns, uri, email.',
  },
);

export type ClientCertificateSpec = ValueOf<typeof clientCertificateSchema>;
