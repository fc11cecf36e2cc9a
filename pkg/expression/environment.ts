/** The language: cel-js reads and type-checks. What runs is our own interpreter, since theirs has no budget and plain RegExp. */
import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { type Field, type Scope, variablesOf } from './variables.ts';

const MaxLength = 4_096;

/** A user's mistake in an expression. @param at offset of the place in the source */
export class ExpressionMistake extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Declarations serve the type check only. */
const unused = () => {
  throw new Error('expressions are run by the interpreter');
};
const synchronous = { async: false };

function environmentOf(scope: Scope): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 500, maxDepth: 30, maxListElements: 100, maxMapEntries: 50, maxCallArguments: 8 },
  });
  // The names of Kubernetes' own CEL libraries.
  environment.registerType({ name: 'net.CIDR', schema: {} });
  environment.registerFunction('cidr(string): net.CIDR', unused, synchronous);
  environment.registerFunction('net.CIDR.containsIP(string): bool', unused, synchronous);
  environment.registerFunction('string.replace(string, string): string', unused, synchronous);
  for (const [name, field] of Object.entries(variablesOf(scope)))
    environment.registerVariable(name, { schema: schemaOf(field) as Record<string, string> });
  if (scope.body === true) environment.registerVariable('body', 'dyn');
  return environment;
}

function schemaOf(field: Field): object | string {
  if (field.kind === 'value' || field.kind === 'source') return field.type;
  if (field.kind === 'table') return 'map<string, string>';
  return Object.fromEntries(Object.entries(field.fields).map(([name, child]) => [name, schemaOf(child)]));
}

/** Made once: an environment costs more than what is read with it. It keeps nothing of that. */
const environments = [false, true].map((response) => [false, true].map((body) => environmentOf({ response, body })));

/** @returns the tree and its type. Throws ExpressionMistake. */
export function parseExpression(source: string, scope: Scope): { readonly tree: ASTNode; readonly type: string } {
  if (source.length > MaxLength) throw new ExpressionMistake(`is longer than ${MaxLength} characters`, 0);
  try {
    const parsed = environments[Number(scope.response === true)]![Number(scope.body === true)]!.parse(source);
    const { valid, type, error } = parsed.check();
    if (!valid) throw error ?? new Error('cannot be checked');
    return { tree: parsed.ast, type: type ?? 'dyn' };
  } catch (error) {
    if (!Error.isError(error)) throw error;
    const { summary, range } = error as { readonly summary?: string; readonly range?: { readonly start: number } };
    throw new ExpressionMistake(summary ?? error.message, range?.start ?? 0);
  }
}
