/** The block `policies`: the same in GatewayPolicy, GatewayRoute rules and GatewayClassConfig.defaults. */
import { type TObject, type TSchema, Type } from 'typebox';
import { type PolicyKey, type PolicySchemas, placeOf, policyKeys, schemaOf } from '../policy/order.ts';
import { isSettingKey } from '../policy/settings.ts';
import { celRules, choice, type Rule, type ValueOf } from './schema.ts';

export const MODES = ['Enforce', 'Shadow', 'Disabled'] as const;
export type Mode = (typeof MODES)[number];

/** One key as it is written. With mode Disabled all else may be missing. */
export type PolicyValue<K extends PolicyKey> = Partial<ValueOf<PolicySchemas[K]>> & { readonly mode?: Mode };
export type Policies = { readonly [K in PolicyKey]?: PolicyValue<K> };

const off = "(has(self.mode) && self.mode == 'Disabled')";

const modeSchema = choice(
  MODES,
  'Enforce acts; absent means it. Shadow decides, counts and logs, and lets pass. Disabled drops what Defaults above gave, where that can be replaced.',
);

/** Of keys that decide nothing, and so have nothing to try. */
const settingModeSchema = choice(
  ['Enforce', 'Disabled'],
  'Enforce acts; absent means it. Disabled drops what Defaults above gave.',
);

function blockSchema(keys: readonly PolicyKey[]) {
  return Type.Object(Object.fromEntries(keys.map((key) => [key, Type.Optional(keySchema(key))])), {
    description: 'What is done with requests and answers, by key.',
  });
}

export const policiesSchema = blockSchema(policyKeys);

/** Of a rule: a client has connected before it is known. */
export const rulePoliciesSchema = blockSchema(policyKeys.filter((key) => key !== 'client'));

/** `mode` beside the fields of the key; what is required is so unless the key is Disabled. */
function keySchema(key: PolicyKey): TSchema {
  const schema = schemaOf(key);
  const { properties, description } = schema as TObject & { readonly description?: string };
  const rules = (schema as { readonly 'x-kubernetes-validations'?: readonly Rule[] })['x-kubernetes-validations'] ?? [];
  return Type.Object(
    {
      mode: Type.Optional(isSettingKey(key) ? settingModeSchema : modeSchema),
      ...Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, optional(child)])),
    },
    {
      ...(description !== undefined && { description }),
      ...celRules(
        ...requiredFields(schema).map((name) => ({
          rule: `${off} || has(self.${name})`,
          message: `${name} is required unless mode is Disabled`,
        })),
        // They speak of fields that only a key which is on must have.
        ...rules.map(({ rule, message }) => ({ rule: `${off} || (${rule})`, message })),
      ),
    },
  );
}

/** Names of the fields that must be written unless the key is Disabled. */
export function requiredFields(schema: TObject): readonly string[] {
  const { properties } = schema;
  // Absent where every field is optional, whatever the type says.
  const required = (schema as { readonly required?: readonly string[] }).required ?? [];
  return required.filter((name) => (properties[name] as { readonly default?: unknown }).default === undefined);
}

function optional(schema: TSchema): TSchema {
  return (schema as { readonly default?: unknown }).default === undefined ? Type.Optional(schema) : schema;
}

/** Whether rules must not be served without the key. What this release does not know may be a guard. */
export function mayGuard(name: string): boolean {
  const key = policyKeys.find((each) => each === name);
  return key === undefined || placeOf(key).failure === 'Closed';
}
