/** What users write under `oidc`. */
import { Type } from 'typebox';
import { choice, duration, list, text, type ValueOf } from '../../api/schema.ts';
import { claimToHeaders, secretKeyRef, TOKEN } from './credential-spec.ts';
import { caCertificateRef } from './endpoint-spec.ts';
import { asymmetricAlgorithms } from './jwt-algorithm.ts';
import { identityClaims } from './jwt-spec.ts';

const path = (description: string, value: string) =>
  Type.String({ pattern: '^/[A-Za-z0-9._~/-]*$', maxLength: 256, default: value, description });

const sessionSchema = Type.Object(
  {
    keys: list(
      secretKeyRef('Secret with at least 32 random bytes.'),
      4,
      'Keys that cookies are encrypted with: the first encrypts, all decrypt, so a new one is put in front and the old one removed later.',
      { minItems: 1 },
    ),
    cookieName: Type.Optional(
      text(64, 'Name of the cookie; absent: one made of issuer and clientID. `__Host-` comes in front with https.', {
        pattern: '^[A-Za-z0-9-]+$',
      }),
    ),
    lifetime: Type.Optional(duration('After so long the user has to log in again, at most 720h; absent: 12h.')),
    store: choice(
      ['Cookie', 'Redis'],
      'Cookie: all of it is in the cookie. Redis: in the Redis of the GatewayClassConfig (dataPlane.redis); a logout ends every copy.',
      { default: 'Cookie' },
    ),
    refresh: choice(['Enabled', 'Disabled'], 'Whether a refresh token, if there is one, prolongs the session.', {
      default: 'Enabled',
    }),
  },
  { description: 'How a browser stays logged in: by an encrypted cookie.' },
);

export const oidcSchema = Type.Object(
  {
    issuer: text(2048, 'https address of the OpenID provider, exactly as it names itself.', {
      pattern: '^https://[^\\s#?]+$',
    }),
    clientID: text(512, 'Id of the client at the provider.'),
    clientSecret: Type.Optional(secretKeyRef('Secret with the client secret; absent: a public client.')),
    caCertificateRef,
    algorithms: Type.Optional(
      list(choice(asymmetricAlgorithms, 'Algorithm.'), 10, 'Of ID tokens. Absent: RS256 and ES256.'),
    ),
    scopes: Type.Optional(
      list(
        text(128, 'Scope.', { pattern: '^[!#-\\[\\]-~]+$' }),
        32,
        'Scopes beside `openid`: `profile`, `offline_access`.',
      ),
    ),
    parameters: Type.Optional(
      list(
        Type.Object({ name: text(64, 'Name.', { pattern: '^[a-z_]+$' }), value: text(1024, 'Value.') }),
        8,
        'More parameters of the authorization request: `prompt`, `audience`.',
      ),
    ),
    redirectPath: path('Path that the provider sends browsers back to; one that this rule serves.', '/oauth2/callback'),
    logoutPath: path('Path that logs out; one that this rule serves.', '/oauth2/logout'),
    afterLogoutPath: path('Where browsers go after that.', '/'),
    externalScheme: Type.Optional(
      choice(['HTTP', 'HTTPS'], 'What browsers use, where TLS ends before the gateway. Absent: what the gateway sees.'),
    ),
    session: sessionSchema,
    forwardAccessToken: Type.Boolean({
      default: false,
      description: 'Whether the backend gets the access token, as `Authorization: Bearer …`.',
    }),
    idTokenHeader: Type.Optional(text(256, 'Header in which the backend gets the ID token.', { pattern: TOKEN })),
    claimToHeaders,
    ...identityClaims,
  },
  { description: 'Login of browsers at an OpenID provider (authorization code with PKCE).' },
);

export type OidcSpec = ValueOf<typeof oidcSchema>;
