/** Words that the schemas of our own kinds are written in: TypeBox with every string, list and map bounded, as the CRDs need it. */
import { type Static, type TSchema, Type } from 'typebox';
import { DURATION_PATTERN } from './duration.ts';
import { SIZE_PATTERN } from './quantity.ts';

/** What a schema's values are for their readers: nobody writes to an object of the API. */
export type Frozen<T> = T extends (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** The type of a validated, defaulted value of `S`. A property with a default is required here: it is always there. */
export type ValueOf<S extends TSchema> = Frozen<Static<S>>;

export interface Rule {
  /** CEL. */
  readonly rule: string;
  readonly message: string;
}

/** Options for an object or list: the CEL rules that the API server checks. `mistakes*.ts` checks the same in a directory. */
export function celRules(...rules: readonly Rule[]): { 'x-kubernetes-validations': readonly Rule[] } {
  return { 'x-kubernetes-validations': rules };
}

/** A closed set of words. PascalCase, never a YAML 1.1 boolean (`On`, `Yes`, `No`). */
export function choice<const T extends string>(
  values: readonly T[],
  description: string,
  more: { readonly default?: NoInfer<T> } = {},
) {
  return Type.Unsafe<T>({ type: 'string', enum: values, description, ...more });
}

export function text(maxLength: number, description: string, more: { pattern?: string; minLength?: number } = {}) {
  return Type.String({ minLength: 1, maxLength, description, ...more });
}

export function integer(minimum: number, maximum: number, description: string, more: { default?: number } = {}) {
  return Type.Integer({ minimum, maximum, format: maximum > 2_147_483_647 ? 'int64' : 'int32', description, ...more });
}

export function list<T extends TSchema>(items: T, maxItems: number, description: string, more: object = {}) {
  return Type.Array(items, { maxItems, description, 'x-kubernetes-list-type': 'atomic', ...more });
}

/** Labels or annotations: texts by key. */
export function textMap(maxLength: number, description: string) {
  const values = Type.String({ maxLength, description: 'Value.' });
  return Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: values,
    maxProperties: 32,
    description,
  });
}

/** GEP-2257: `1h30m`, `500ms`. */
export function duration(description: string) {
  return Type.String({ pattern: DURATION_PATTERN, maxLength: 32, description });
}

/** Bytes as a Kubernetes quantity without fractions: `64Ki`, `10M`, `1024`. */
export function size(description: string) {
  return Type.String({ pattern: SIZE_PATTERN, minLength: 1, maxLength: 18, description });
}

const SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';

export function hostname(description: string) {
  return text(253, description, { pattern: `^${SUBDOMAIN}$` });
}

/** `api.example.com` or `*.example.com`. */
export function hostnamePattern(description: string) {
  return text(253, description, { pattern: `^(\\*\\.)?${SUBDOMAIN}$` });
}

export function objectName(description: string) {
  return text(253, description);
}

export function namespaceName(description: string) {
  return text(63, description, { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' });
}

export function cidr(description: string) {
  return Type.String({
    minLength: 1,
    maxLength: 43,
    pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$',
    description,
    ...celRules({ rule: 'isCIDR(self)', message: 'must be a CIDR such as 10.0.0.0/8 or fd00::/8' }),
  });
}

export function port(description: string) {
  return integer(1, 65535, description);
}
