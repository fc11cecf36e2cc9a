/** CORS: what users write (the fields of Gateway API's HTTPCORSFilter), and what a worker needs of it. */
import { Type } from 'typebox';
import { integer, list, text } from '../../api/schema.ts';
import type { OriginPatterns } from '../origins.ts';

const names = (description: string) => Type.Optional(list(text(256, 'Name.'), 64, description));

export const corsSchema = Type.Object(
  {
    allowOrigins: Type.Optional(
      list(
        text(253, 'Origin.'),
        64,
        'Origins that may read answers: `https://app.example.com`, `https://*.example.com`, `*`.',
      ),
    ),
    allowCredentials: Type.Optional(Type.Boolean({ description: 'Whether cookies and Authorization may be sent.' })),
    allowMethods: names('Methods beyond GET, HEAD and POST; `*` for all.'),
    allowHeaders: names('Request headers a page may set; `*` for all.'),
    exposeHeaders: names('Response headers a page may read.'),
    maxAge: integer(1, 2_147_483_647, 'Seconds that a browser may keep the answer to a preflight.', { default: 5 }),
  },
  { description: 'Which pages of other origins may use the API (CORS).' },
);

/** Decided in translate: wildcards split off and lists joined, so the filter compares and copies but never parses. */
export interface CorsConfig extends OriginPatterns {
  readonly anyOrigin: boolean;
  readonly credentials: boolean;
  /** `null` = answer with whatever the browser asked for (`*` together with credentials). */
  readonly methods: string | null;
  readonly headers: string | null;
  readonly expose: string;
  readonly maxAge: string;
}
