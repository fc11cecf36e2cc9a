/** What users write under `jwt`. */
import { Type } from 'typebox';
import { celRules, choice, duration, list, objectName, text, type ValueOf } from '../../api/schema.ts';
import { claimToHeaders, extractFrom, secretKeyRef, TOKEN } from './credential-spec.ts';
import { caCertificateRef, endpointFields, endpointRules } from './endpoint-spec.ts';
import { algorithms } from './jwt-algorithm.ts';

const freshness = {
  cacheDuration: Type.Optional(duration('How often the keys are fetched: 10s to 24h; absent: 5m.')),
  maxStale: Type.Optional(
    duration(
      'How long the last good keys are used while fetching fails, at most 168h; absent: 12h. Then requests are answered 503.',
    ),
  ),
};

const keyRefFields = {
  name: objectName('Name of the object, in the namespace of the policy.'),
  key: text(253, 'Key within its data.'),
};

const remoteJWKSSchema = Type.Object(
  {
    ...endpointFields('the key set'),
    ...freshness,
  },
  {
    description: 'Key set (RFC 7517) that is fetched.',
    ...celRules(...endpointRules),
  },
);

const discoverySchema = Type.Object(
  { caCertificateRef, ...freshness },
  {
    description:
      'The issuer says where its keys are (OpenID Connect Discovery 4), below issuer, which is an https address then.',
  },
);

const localJWKSSchema = Type.Object(
  {
    type: choice(['Inline', 'ValueRef'], 'Which member holds the keys.'),
    inline: Type.Optional(text(32_768, 'Key set or key as JSON text, or public keys as PEM.')),
    valueRef: Type.Optional(
      Type.Object(
        { kind: choice(['ConfigMap', 'Secret'], 'Kind of the object.', { default: 'ConfigMap' }), ...keyRefFields },
        { description: 'Object that holds the same.' },
      ),
    ),
  },
  {
    description: 'Keys that stand here. Private and symmetric keys are refused.',
    ...celRules(
      {
        rule: "(self.type == 'Inline') == has(self.inline)",
        message: 'inline must be set when type is Inline, and only then',
      },
      {
        rule: "(self.type == 'ValueRef') == has(self.valueRef)",
        message: 'valueRef must be set when type is ValueRef, and only then',
      },
    ),
  },
);

const extractFromSchema = Type.Object(
  {
    ...extractFrom.properties,
    webSocketProtocol: Type.Optional(
      Type.Object(
        { valuePrefix: text(64, 'What stands before the token: `bearer.`.', { pattern: TOKEN }) },
        {
          description:
            'A subprotocol that a browser offers (`new WebSocket(url, ["chat", "bearer." + token])`): never forwarded, so another one has to be offered as well.',
        },
      ),
    ),
  },
  { description: 'Where the token is looked for, in this order; absent: `authorization: Bearer …`.' },
);

const claimName = (description: string) => Type.Optional(text(256, description));

export const identityClaims = {
  subjectClaim: claimName('Claim that names who is asking; absent: `sub`.'),
  tenantClaim: claimName('Claim that names the tenant; absent: none.'),
  scopesClaim: claimName('Claim with the scopes, a list or words with spaces between; absent: `scope`, else `scp`.'),
  rolesClaim: claimName('Claim with the roles; absent: `roles`.'),
};

export const jwtSchema = Type.Object(
  {
    issuer: Type.Optional(text(2048, 'Value that `iss` must have, exactly. Absent: any.')),
    audiences: Type.Optional(list(text(2048, 'Audience.'), 16, 'One of these must be in `aud`. Absent: any.')),
    algorithms: Type.Optional(
      list(
        choice(algorithms, 'Algorithm (RFC 7518).'),
        13,
        'Allowed algorithms, whatever a token says. Absent: RS256 and ES256, with sharedSecret also HS256.',
      ),
    ),
    clockSkew: Type.Optional(duration('How far clocks may differ, at most 5m; absent: 30s.')),
    expiration: choice(['Required', 'Optional'], 'Whether a token without `exp` is refused.', { default: 'Required' }),
    types: Type.Optional(
      list(
        text(127, 'Media type; `application/` may be left out.'),
        8,
        'One of these must be the `typ`: `at+jwt` takes access tokens (RFC 9068) alone. Absent: `JWT`, `at+jwt` or none.',
      ),
    ),
    requiredClaims: Type.Optional(
      list(
        Type.Object({
          claim: text(256, 'Name; dots lead into objects.'),
          values: Type.Optional(
            list(text(1024, 'Value.'), 32, 'One of these must be the value, or be in it. Absent: any value.'),
          ),
        }),
        16,
        'Claims that a token must have, each of them.',
      ),
    ),
    remoteJWKS: Type.Optional(remoteJWKSSchema),
    discovery: Type.Optional(discoverySchema),
    localJWKS: Type.Optional(localJWKSSchema),
    sharedSecret: Type.Optional(secretKeyRef('Secret with the key for the HS algorithms; beside a key set or alone.')),
    extractFrom: Type.Optional(extractFromSchema),
    forward: choice(['Keep', 'Strip'], 'Whether the backend sees the token.', { default: 'Keep' }),
    claimToHeaders,
    ...identityClaims,
  },
  {
    description: 'JSON Web Tokens (RFC 7519).',
    ...celRules(
      {
        rule: '(has(self.remoteJWKS) ? 1 : 0) + (has(self.discovery) ? 1 : 0) + (has(self.localJWKS) ? 1 : 0) <= 1',
        message: 'at most one of remoteJWKS, discovery and localJWKS may be set',
      },
      {
        rule: 'has(self.remoteJWKS) || has(self.discovery) || has(self.localJWKS) || has(self.sharedSecret)',
        message: 'one of remoteJWKS, discovery, localJWKS and sharedSecret must be set',
      },
      {
        rule: "!has(self.discovery) || (has(self.issuer) && self.issuer.startsWith('https://'))",
        message: 'discovery needs an issuer that is an https address',
      },
    ),
  },
);

export type JwtSpec = ValueOf<typeof jwtSchema>;
