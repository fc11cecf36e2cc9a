/** Security headers of responses: what users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { celRules, choice, duration, list, text, type ValueOf } from '../../api/schema.ts';

const { Optional } = Type;

const hstsSchema = Type.Object(
  {
    maxAge: Optional(duration('How long browsers keep to https; default 8760h (a year), 0s to end it.')),
    includeSubDomains: Type.Boolean({ default: false, description: 'For every name below as well.' }),
    preload: Type.Boolean({
      default: false,
      description: 'May stand in the list that browsers ship; needs includeSubDomains and a year at least.',
    }),
  },
  { description: 'Strict-Transport-Security, on https only.' },
);

const policyText = (description: string) => text(4096, description, { pattern: '^[ -~]+$' });

export const securityHeadersSchema = Type.Object(
  {
    preset: Optional(
      choice(
        ['Basic', 'Strict'],
        'What is written beside the fields below. Basic breaks no page; Strict suits APIs and pages that load all from their own origin.',
      ),
    ),
    hsts: Optional(hstsSchema),
    contentTypeOptions: Optional(choice(['NoSniff', 'Omit'], 'X-Content-Type-Options.')),
    frameOptions: Optional(choice(['Deny', 'SameOrigin', 'Omit'], 'X-Frame-Options.')),
    referrerPolicy: Optional(
      choice(
        [
          'NoReferrer',
          'NoReferrerWhenDowngrade',
          'Origin',
          'OriginWhenCrossOrigin',
          'SameOrigin',
          'StrictOrigin',
          'StrictOriginWhenCrossOrigin',
          'UnsafeURL',
          'Omit',
        ],
        'Referrer-Policy.',
      ),
    ),
    contentSecurityPolicy: Optional(policyText('Content-Security-Policy, or Omit.')),
    permissionsPolicy: Optional(policyText('Permissions-Policy, or Omit.')),
    crossOriginOpenerPolicy: Optional(
      choice(['SameOrigin', 'SameOriginAllowPopups', 'UnsafeNone', 'Omit'], 'Cross-Origin-Opener-Policy.'),
    ),
    crossOriginEmbedderPolicy: Optional(
      choice(['RequireCorp', 'Credentialless', 'UnsafeNone', 'Omit'], 'Cross-Origin-Embedder-Policy.'),
    ),
    crossOriginResourcePolicy: Optional(
      choice(['SameOrigin', 'SameSite', 'CrossOrigin', 'Omit'], 'Cross-Origin-Resource-Policy.'),
    ),
    remove: Optional(
      list(
        text(256, 'Name of a field.'),
        16,
        'Fields of the backend that are taken out; absent: Server and X-Powered-By.',
      ),
    ),
    override: Type.Boolean({
      default: false,
      description: 'Take the place of what the backend says; otherwise its own field stays.',
    }),
  },
  {
    description: 'Header fields that make browsers careful.',
    ...celRules({
      rule: '!has(self.hsts) || !has(self.hsts.preload) || !self.hsts.preload || (has(self.hsts.includeSubDomains) && self.hsts.includeSubDomains)',
      message: 'hsts.preload needs hsts.includeSubDomains',
    }),
  },
);

export type SecurityHeadersSpec = ValueOf<typeof securityHeadersSchema>;

export interface SecurityHeadersConfig {
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** null: none is sent. */
  readonly hsts: string | null;
  /** Lower case. */
  readonly remove: readonly string[];
  readonly override: boolean;
}
