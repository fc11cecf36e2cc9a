/** Cross-site request forgery: what users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { list, text, type ValueOf } from '../../api/schema.ts';
import type { OriginPatterns } from '../origins.ts';

export const csrfSchema = Type.Object(
  {
    additionalOrigins: Type.Optional(
      list(
        text(253, 'Origin.'),
        64,
        'Other origins whose pages may change something: `https://app.example.com`, `https://*.example.com`.',
      ),
    ),
    allowSameSite: Type.Boolean({
      default: false,
      description: 'Pages of the same site may as well: `a.example.com` and `b.example.com` are one.',
    }),
  },
  { description: 'Refuses requests that a page of another origin makes a browser send (CSRF).' },
);

export type CsrfSpec = ValueOf<typeof csrfSchema>;

export interface CsrfConfig extends OriginPatterns {
  readonly sameSite: boolean;
}
