/** The words in which the chart's values are written down, once: `values.yaml`, its JSON schema and the reference page are made from them. */

/** A JSON schema, as Helm checks it (draft 7). */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Leaf {
  readonly kind: 'leaf';
  /** One or more sentences; in the page and above the value. */
  readonly help: string;
  readonly fallback: unknown;
  readonly schema: JsonSchema;
}

export interface Group {
  readonly kind: 'group';
  readonly help: string;
  readonly fields: Values;
}

export type Value = Leaf | Group;
export type Values = Readonly<Record<string, Value>>;

export function group(help: string, fields: Values): Group {
  return { kind: 'group', help, fields };
}

export function text(fallback: string, help: string, pattern?: string): Leaf {
  return leaf(help, fallback, { type: 'string', ...(pattern === undefined ? {} : { pattern }) });
}

export function flag(fallback: boolean, help: string): Leaf {
  return leaf(help, fallback, { type: 'boolean' });
}

export function integer(fallback: number, minimum: number, maximum: number, help: string): Leaf {
  return leaf(help, fallback, { type: 'integer', minimum, maximum });
}

/** An integer that may be left to Kubernetes or to the chart. */
export function optionalInteger(minimum: number, maximum: number, help: string): Leaf {
  return leaf(help, null, { type: ['integer', 'null'], minimum, maximum });
}

export function choice(values: readonly string[], help: string): Leaf {
  return leaf(help, values[0], { type: 'string', enum: values });
}

/** Labels, annotations and the like. */
export function texts(help: string, fallback: Readonly<Record<string, string>> = {}): Leaf {
  return leaf(help, fallback, { type: 'object', additionalProperties: { type: 'string' } });
}

export function textList(help: string, fallback: readonly string[] = [], pattern?: string): Leaf {
  const items = { type: 'string', ...(pattern === undefined ? {} : { pattern }) };
  return leaf(help, fallback, { type: 'array', items, uniqueItems: true });
}

/** A piece of a Kubernetes object, which the API server checks. */
export function piece(help: string, fallback: Readonly<Record<string, unknown>> = {}): Leaf {
  return leaf(help, fallback, { type: 'object' });
}

export function pieces(help: string, fallback: readonly Readonly<Record<string, unknown>>[] = []): Leaf {
  return leaf(help, fallback, { type: 'array', items: { type: 'object' } });
}

function leaf(help: string, fallback: unknown, schema: JsonSchema): Leaf {
  return { kind: 'leaf', help, fallback, schema };
}
