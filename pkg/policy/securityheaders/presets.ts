/** What each preset writes; single fields overrule it. Words are those of `schema.ts`. */
import type { SecurityHeadersSpec } from './schema.ts';

type Fields = Omit<SecurityHeadersSpec, 'preset' | 'remove' | 'override'>;

export const presets: { readonly [P in NonNullable<SecurityHeadersSpec['preset']>]: Fields } = {
  Basic: {
    hsts: { includeSubDomains: false, preload: false },
    contentTypeOptions: 'NoSniff',
    frameOptions: 'SameOrigin',
    referrerPolicy: 'StrictOriginWhenCrossOrigin',
  },
  Strict: {
    hsts: { includeSubDomains: true, preload: false },
    contentTypeOptions: 'NoSniff',
    frameOptions: 'Deny',
    referrerPolicy: 'NoReferrer',
    contentSecurityPolicy:
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    permissionsPolicy:
      'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()',
    crossOriginOpenerPolicy: 'SameOrigin',
    crossOriginResourcePolicy: 'SameOrigin',
  },
};
