/** TypeBox schema → structural schema: drops what only TypeBox reads, and `required` for what has a default. */
import type { TSchema } from 'typebox';
import type { StructuralSchema } from './structural.ts';

/** Order of the facts in the emitted YAML. */
const FACTS = [
  'description',
  'type',
  'format',
  'enum',
  'default',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

export function structuralOf(schema: TSchema): StructuralSchema {
  const given = schema as StructuralSchema;
  const result: Record<string, unknown> = {};
  for (const fact of FACTS) {
    if (given[fact] !== undefined) result[fact] = given[fact];
  }
  if (given.properties !== undefined) {
    const properties = Object.entries(given.properties);
    // TypeBox calls a property with a default required, as it is for readers; for writers it is not.
    const required = (given.required ?? []).filter((name) => given.properties?.[name]?.default === undefined);
    if (required.length > 0) result['required'] = required;
    result['properties'] = Object.fromEntries(
      properties.map(([name, child]) => [name, structuralOf(child as TSchema)]),
    );
  }
  if (typeof given.additionalProperties === 'object') {
    result['additionalProperties'] = structuralOf(given.additionalProperties);
  }
  if (given.items !== undefined) result['items'] = structuralOf(given.items);
  return result;
}
