/** What users write under `authentication`. Each method has its own part in `<method>-spec.ts`. */
import { Type } from 'typebox';
import { celRules, choice, list, text, type ValueOf } from '../../api/schema.ts';
import { apiKeySchema } from './apikey-spec.ts';
import { basicSchema } from './basic-spec.ts';
import { clientCertificateSchema } from './clientcert-spec.ts';
import { externalAuthSchema } from './extauth-spec.ts';
import { introspectionSchema } from './introspection-spec.ts';
import { jwtSchema } from './jwt-spec.ts';
import { oidcSchema } from './oidc-spec.ts';

/** The member of a method that its type names. */
export const methodMembers = {
  JWT: 'jwt',
  OIDC: 'oidc',
  APIKey: 'apiKey',
  Basic: 'basic',
  ClientCertificate: 'clientCertificate',
  ExternalAuth: 'externalAuth',
  Introspection: 'introspection',
} as const;

const methodTypes = Object.keys(methodMembers) as (keyof typeof methodMembers)[];

const methodSchema = Type.Object(
  {
    name: text(63, 'Name of the method, for logs and challenges.', { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
    type: choice(methodTypes, 'Which of the members below says how.'),
    jwt: Type.Optional(jwtSchema),
    oidc: Type.Optional(oidcSchema),
    apiKey: Type.Optional(apiKeySchema),
    basic: Type.Optional(basicSchema),
    clientCertificate: Type.Optional(clientCertificateSchema),
    externalAuth: Type.Optional(externalAuthSchema),
    introspection: Type.Optional(introspectionSchema),
  },
  celRules(
    ...methodTypes.map((type) => ({
      rule: `(self.type == '${type}') == has(self.${methodMembers[type]})`,
      message: `${methodMembers[type]} must be set when type is ${type}, and only then`,
    })),
  ),
);

export const authenticationSchema = Type.Object(
  {
    require: choice(['Any', 'All'], 'Whether one method has to accept, or every one.', { default: 'Any' }),
    allowAnonymous: Type.Boolean({
      default: false,
      description: 'A request without a credential passes; one with a bad credential never does.',
    }),
    methods: list(methodSchema, 8, 'How clients may show who they are; asked in this order.', {
      minItems: 1,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  },
  {
    description: 'Who is asking.',
    ...celRules({
      rule: "self.require == 'All' || !self.methods.exists(m, m.type == 'ExternalAuth') || (!self.allowAnonymous && self.methods[size(self.methods) - 1].type == 'ExternalAuth' && self.methods.exists_one(m, m.type == 'ExternalAuth'))",
      message:
        'with require Any, ExternalAuth must be the last method and allowAnonymous false: its service decides on every request that it is asked about',
    }),
  },
);

export type AuthenticationSpec = ValueOf<typeof authenticationSchema>;
export type MethodSpec = ValueOf<typeof methodSchema>;
