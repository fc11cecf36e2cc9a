/** CEL expressions in policies: checked by the control plane, compiled once per configuration by a worker. */
import type { Exchange } from '../policy/runtime.ts';
import { ExpressionMistake, parseExpression } from './environment.ts';
import { ExpressionFailure } from './failure.ts';
import { compileTree } from './interpreter.ts';
import { Meter } from './meter.ts';
import type { Step } from './step.ts';
import { asBool, jsonOf, textOf } from './value.ts';
import { type Scope, variablesOf } from './variables.ts';

/** Characters: a message may quote a pattern that fills the expression. */
const MaxMessage = 500;

/** What an expression has to give: `condition` a bool, `text` a string, number or bool, `json` anything. */
export type Wanted = 'condition' | 'text' | 'json';

interface Results {
  readonly condition: boolean;
  readonly text: string;
  readonly json: unknown;
}

export interface Expression<W extends Wanted> {
  /**
   * Synchronous, and bounded by the instruction budget.
   * Throws ExpressionFailure if there is no value: something is not there, has another type, or the budget is used up.
   * @param body JSON for the variable `body`
   */
  evaluate(exchange: Exchange, body?: unknown): Results[W];
}

/** Throws ExpressionMistake for a source that `explainMistake` complains about. */
export function compileExpression<W extends Wanted>(source: string, wanted: W, scope: Scope = {}): Expression<W> {
  const step = compile(source, wanted, scope);
  const meter = new Meter();
  const result = results[wanted];
  return {
    evaluate(exchange, body) {
      meter.begin(exchange, body);
      try {
        return result(step(meter));
      } finally {
        meter.end();
      }
    },
  };
}

/** @returns what is wrong with an expression and where, in words for its author; `''` if it can be used */
export function explainMistake(source: string, wanted: Wanted, scope: Scope = {}): string {
  try {
    compile(source, wanted, scope);
    return '';
  } catch (error) {
    if (!(error instanceof ExpressionMistake)) throw error;
    const before = source.slice(0, error.at).split('\n');
    const where = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
    return `${where}: ${error.message.slice(0, MaxMessage)}${hint(error.message, scope)}`;
  }
}

const results: { readonly [W in Wanted]: (value: unknown) => Results[W] } = {
  condition: asBool,
  text: textOf,
  json: jsonOf,
};

const types: { readonly [W in Wanted]: readonly string[] } = {
  condition: ['bool', 'dyn'],
  text: ['string', 'int', 'double', 'bool', 'dyn'],
  json: [],
};

function compile(source: string, wanted: Wanted, scope: Scope): Step {
  const { tree, type } = parseExpression(source, scope);
  if (types[wanted].length > 0 && !types[wanted].includes(type))
    throw new ExpressionMistake(`gives a ${type}, but a ${wanted === 'condition' ? 'bool' : 'string'} is needed`, 0);
  return compileTree(tree, variablesOf(scope));
}

function hint(message: string, scope: Scope): string {
  if (message.startsWith('No such key')) return '; correct the name of the field';
  if (!message.startsWith('Unknown variable')) return '';
  const names = [...Object.keys(variablesOf(scope)), ...(scope.body === true ? ['body'] : [])];
  return `; there are ${names.join(', ')}`;
}

export { ExpressionFailure };
