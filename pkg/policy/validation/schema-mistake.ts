/** A schema that cannot be used. */
export class SchemaMistake extends Error {
  /** JSON Pointer into the schema. */
  readonly at: string;

  constructor(message: string, at: string) {
    super(message);
    this.at = at;
  }
}

/** What a user wrote at a place of a schema. */
export interface Place {
  readonly keyword: string;
  readonly value: unknown;
  /** JSON Pointer. */
  readonly at: string;
}

export function naturalOf({ keyword, value, at }: Place): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new SchemaMistake(`${keyword} must be an integer of at least 0`, at);
}

export function numberOf({ keyword, value, at }: Place): number {
  if (typeof value === 'number') return value;
  throw new SchemaMistake(`${keyword} must be a number`, at);
}

export function textsOf({ keyword, value, at }: Place): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw new SchemaMistake(`${keyword} must be a list of names`, at);
}

export function entriesOf({ keyword, value, at }: Place): readonly (readonly [name: string, value: unknown])[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw new SchemaMistake(`${keyword} must be an object`, at);
}
