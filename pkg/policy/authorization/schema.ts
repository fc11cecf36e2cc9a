/** Authorization: who may do what. What users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { celRules, choice, list, text, type ValueOf } from '../../api/schema.ts';

const member = (type: string, name: string) => ({
  rule: `self.type == '${type}' ? has(self.${name}) : !has(self.${name})`,
  message: `${name} is set with type ${type}, and with no other`,
});

const tenantSchema = Type.Object(
  {
    claim: Type.Optional(
      text(256, 'Claim that holds the tenant, nested ones with dots (`org.id`). Default: the tenant of the identity.'),
    ),
    type: choice(['Hostname', 'Path', 'Header'], 'Where a request names the tenant it is about.'),
    hostname: Type.Optional(
      Type.Object(
        {
          suffix: text(251, 'Domain: `acme` is the tenant of `acme.shop.example.com` with suffix `shop.example.com`.'),
        },
        { description: 'The label in front of a domain.' },
      ),
    ),
    path: Type.Optional(
      Type.Object(
        {
          prefix: text(1024, 'Path prefix: `acme` is the tenant of `/tenants/acme/orders` with prefix `/tenants`.', {
            pattern: '^/',
          }),
        },
        { description: 'The path segment behind a prefix.' },
      ),
    ),
    header: Type.Optional(
      Type.Object({ name: text(256, 'Name of the field.') }, { description: 'A header field of the request.' }),
    ),
  },
  {
    description: 'Tenant isolation: the identity and the request must be of the same tenant.',
    ...celRules(member('Hostname', 'hostname'), member('Path', 'path'), member('Header', 'header')),
  },
);

const claimSchema = Type.Object({
  claim: text(256, 'Name of the claim; nested ones with dots (`org.id`).'),
  values: list(Type.String({ maxLength: 256, description: 'Value.' }), 32, 'One of these, or a list that holds one.', {
    minItems: 1,
  }),
});

const ruleSchema = Type.Object({
  name: text(63, 'Name of the rule.', { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
  action: choice(['Allow', 'Deny'], 'What happens if everything below holds.', { default: 'Allow' }),
  scopes: Type.Optional(
    // RFC 6749 3.3: scope-token.
    list(text(256, 'Scope.', { pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' }), 16, 'The identity has all of these.'),
  ),
  roles: Type.Optional(list(text(256, 'Role.'), 16, 'The identity has one of these.')),
  claims: Type.Optional(list(claimSchema, 8, 'All of these hold.')),
  when: Type.Optional(
    text(4096, 'CEL over request, client, connection and identity. If it cannot be evaluated, the request is denied.'),
  ),
});

export const authorizationSchema = Type.Object(
  {
    defaultAction: Type.Optional(
      choice(['Allow', 'Deny'], 'For what no rule decides. Default: Deny if a rule allows something, else Allow.'),
    ),
    tenant: Type.Optional(tenantSchema),
    rules: Type.Optional(
      list(ruleSchema, 32, 'A rule that denies wins over all that allow, wherever it stands.', {
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    ),
  },
  {
    description: 'Who may do what. Every level that has it must allow.',
  },
);

export type AuthorizationSpec = ValueOf<typeof authorizationSchema>;
export type TenantSpec = ValueOf<typeof tenantSchema>;

export interface AuthorizationConfig {
  readonly defaultAction: 'Allow' | 'Deny';
  readonly tenant: TenantConfig | null;
  /** Those that deny first. */
  readonly rules: readonly RuleConfig[];
}

export interface TenantConfig {
  /** `''`: the identity's own. */
  readonly claim: string;
  readonly source: /** With the dot in front, lower case. */
    | { readonly kind: 'hostname'; readonly suffix: string }
    /** Ends with a slash. */
    | { readonly kind: 'path'; readonly prefix: string }
    /** Lower case. */
    | { readonly kind: 'header'; readonly name: string };
}

export interface RuleConfig {
  readonly name: string;
  readonly action: 'Allow' | 'Deny';
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly claims: readonly { readonly claim: string; readonly values: readonly string[] }[];
  /** `''`: always. */
  readonly when: string;
}
