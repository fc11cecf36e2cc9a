/** Words that several methods are written in: where a credential stands, and what the backend learns of who is asking. */
import { Type } from 'typebox';
import { choice, list, objectName, text } from '../../api/schema.ts';

/** RFC 9110 5.6.2. */
export const TOKEN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

export const extractFrom = Type.Optional(
  Type.Object(
    {
      headers: Type.Optional(
        list(
          Type.Object({
            name: text(256, 'Name of the header.', { pattern: TOKEN }),
            valuePrefix: Type.Optional(
              Type.String({ maxLength: 64, description: 'What stands before it; case does not matter: `ApiKey `.' }),
            ),
          }),
          4,
          'Headers.',
        ),
      ),
      cookies: Type.Optional(list(text(256, 'Name.', { pattern: TOKEN }), 4, 'Cookies.')),
      params: Type.Optional(
        list(text(256, 'Name.'), 4, 'Query parameters. They end up in logs of others: rather use a header.'),
      ),
    },
    { description: 'Where the credential is looked for, in this order.' },
  ),
);

export const forward = choice(['Keep', 'Strip'], 'Whether the backend sees the credential.', { default: 'Strip' });

/** Of a header that the gateway writes. */
export const headerName = text(256, 'Name of the header.', { pattern: TOKEN });

export const claimToHeaders = Type.Optional(
  list(
    Type.Object({
      header: headerName,
      claim: text(256, 'Name; dots lead into objects.'),
    }),
    16,
    'What the backend gets as headers. What clients send under these names is always removed.',
  ),
);

export function secretKeyRef(description: string) {
  return Type.Object(
    {
      name: objectName('Name of the Secret, in the namespace of the policy.'),
      key: text(253, 'Key within its data.', { pattern: '^[-._a-zA-Z0-9]+$' }),
    },
    { description },
  );
}

export function scopeList(description: string) {
  // RFC 6749 3.3: what may be in a scope; none of it ends the quotes of a challenge.
  return Type.Optional(list(text(128, 'Scope.', { pattern: '^[!#-\\[\\]-~]+$' }), 16, description));
}
