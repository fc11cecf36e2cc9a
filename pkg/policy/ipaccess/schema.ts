/** Access by client address: what users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { celRules, choice, cidr, list, objectName, text, type ValueOf } from '../../api/schema.ts';

const { Optional } = Type;

const networks = (description: string) => list(cidr('CIDR.'), 256, description, { minItems: 1 });
const countries = (description: string) =>
  list(text(2, 'ISO 3166-1 alpha-2.', { pattern: '^[A-Z]{2}$' }), 256, description, { minItems: 1 });

const listRefSchema = Type.Object(
  {
    name: objectName('Name of the ConfigMap.'),
    key: text(253, 'Key in it.'),
    action: choice(['Allow', 'Deny'], 'Which of the two lists it is part of.', { default: 'Allow' }),
  },
  {
    description:
      'More entries, from a ConfigMap: an address or CIDR a line; empty lines and what follows a # are passed over.',
  },
);

const countriesSchema = Type.Object(
  {
    allow: Optional(countries('Only these. Addresses of no known country are refused.')),
    deny: Optional(countries('None of these.')),
  },
  {
    description:
      'By the database that the gateway was started with (--geoip-database). Without one the policy fails closed.',
    ...celRules({ rule: 'has(self.allow) || has(self.deny)', message: 'allow or deny is required' }),
  },
);

export const ipAccessSchema = Type.Object(
  {
    allow: Optional(networks('Only clients in these networks.')),
    deny: Optional(networks('No clients in these networks, whatever else allows them.')),
    listRef: Optional(listRefSchema),
    countries: Optional(countriesSchema),
  },
  {
    description: 'From which addresses a client may come. Every level of policies must let it in.',
    ...celRules({
      rule: "(has(self.mode) && self.mode == 'Disabled') || has(self.allow) || has(self.deny) || has(self.listRef) || has(self.countries)",
      message: 'one of allow, deny, listRef and countries is required',
    }),
  },
);

export type IpAccessSpec = ValueOf<typeof ipAccessSchema>;

/** Networks are checked in translate; both lists may have tens of thousands. */
export interface IpAccessConfig {
  /** null: every address. An empty list lets nobody in. */
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[];
  /** null: no database is needed. */
  readonly countries: { readonly allow: readonly string[] | null; readonly deny: readonly string[] } | null;
}
