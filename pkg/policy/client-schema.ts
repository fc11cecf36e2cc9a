/** The policy key `client` of a Gateway or ListenerSet: what happens before a route is known. */
import { Type } from 'typebox';
import { clientAddressFields, clientAddressRules } from '../api/client-words.ts';
import { celRules, choice, duration, list, type ValueOf } from '../api/schema.ts';

const { Optional } = Type;

/** Forward secrecy and authenticated encryption (RFC 9325 4.2); the same set as `proxy/secure-context.ts` takes by itself. */
const ciphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
] as const;

export const clientSchema = Type.Object(
  {
    ip: Optional(
      Type.Object(clientAddressFields, {
        description: 'Where the address of the client is read. Replaces what the class says as a whole.',
        ...celRules(...clientAddressRules),
      }),
    ),
    tls: Optional(
      Type.Object(
        {
          minVersion: Optional(choice(['TLSv1_2', 'TLSv1_3'], 'The oldest version that is spoken.')),
          ciphers: Optional(
            list(
              choice(ciphers, 'Name by OpenSSL.'),
              16,
              'Suites of TLS 1.2, the best first. Those of TLS 1.3 are always there.',
              {
                minItems: 1,
              },
            ),
          ),
        },
        { description: 'TLS with clients.' },
      ),
    ),
    headers: Optional(
      Type.Object(
        {
          underscores: Optional(
            choice(['Reject', 'Drop', 'Allow'], 'Header names with `_`, which many backends read as `-`.'),
          ),
        },
        { description: 'How headers are handled.' },
      ),
    ),
    timeouts: Optional(
      Type.Object(
        {
          header: Optional(duration('From the first byte of a head to its end.')),
          body: Optional(duration('Between two reads of a request body.')),
          idle: Optional(duration('A keep-alive connection without a request.')),
        },
        { description: 'How long the gateway waits for a client.' },
      ),
    ),
  },
  { description: 'What happens before a route is known.' },
);

export type ClientSpec = ValueOf<typeof clientSchema>;
