/** Checked trees → closures. Nothing a user wrote becomes code: each node picks one of the functions below. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { compileComprehension } from './comprehensions.ts';
import { ExpressionMistake } from './environment.ts';
import { BudgetFailure, ExpressionFailure } from './failure.ts';
import { compileCall } from './functions.ts';
import { compileOperator, isOperator } from './operators.ts';
import type { Names, Step } from './step.ts';
import { asBool, asText, entryOf, isMap, isNumber, kindOf } from './value.ts';
import type { Field, Fields } from './variables.ts';

export function compileTree(tree: ASTNode, variables: Fields): Step {
  return compile(tree, { variables, locals: [], compile });
}

function compile(node: ASTNode, names: Names): Step {
  if (node.op === 'value') return literal(node, node.args);
  if (node.op === 'id' || node.op === '.' || node.op === '[]') return compileAccess(node, names);
  if (node.op === 'list') return compileList(node.args, names);
  if (node.op === 'map') return compileMap(node.args, names);
  if (node.op === '?:') return compileChoice(node.args, names);
  if (node.op === '&&') return compileLogic(false, node.args, names);
  if (node.op === '||') return compileLogic(true, node.args, names);
  if (node.op === 'call') return compileFunction(node, names);
  if (node.op === 'rcall')
    return compileComprehension(node, names) ?? compileCall(node, node.args[1], node.args[2], names);
  if (isOperator(node)) return compileOperator(node, names, fieldOf);
  throw new ExpressionMistake(`${node.op} is not supported`, node.start);
}

function compileFunction(node: Extract<ASTNode, { readonly op: 'call' }>, names: Names): Step {
  const [name, args] = node.args;
  return name === 'has' ? compileHas(args[0]!, names) : compileCall(node, null, args, names);
}

function compileChoice(nodes: readonly [ASTNode, ASTNode, ASTNode], names: Names): Step {
  const condition = compile(nodes[0], names);
  const then = compile(nodes[1], names);
  const otherwise = compile(nodes[2], names);
  return (meter) => (asBool(condition(meter)) ? then(meter) : otherwise(meter));
}

function compileList(nodes: readonly ASTNode[], names: Names): Step {
  const steps = nodes.map((child) => compile(child, names));
  return (meter) => steps.map((step) => step(meter));
}

function literal(node: ASTNode, value: unknown): Step {
  if (typeof value === 'object' && value !== null)
    throw new ExpressionMistake(
      'bytes and unsigned literals are not supported; write a string or an integer',
      node.start,
    );
  return () => value;
}

function compileMap(entries: readonly (readonly [ASTNode, ASTNode])[], names: Names): Step {
  const steps = entries.map(([key, value]) => [compile(key, names), compile(value, names)] as const);
  return (meter) => new Map(steps.map(([key, value]) => [asText(key(meter)), value(meter)]));
}

/** The field that a chain of names stands for; undefined if it is no variable of ours. */
export function fieldOf(node: ASTNode, names: Names): Field | undefined {
  if (node.op === 'id') return names.locals.includes(node.args) ? undefined : ownField(names.variables, node.args);
  if (node.op !== '.') return undefined;
  const parent = fieldOf(node.args[0], names);
  return parent?.kind === 'record' ? ownField(parent.fields, node.args[1]) : undefined;
}

function ownField(fields: Fields, name: string): Field | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function compileAccess(node: ASTNode, names: Names): Step {
  const read = optionalAccess(node, names);
  const { input, start, end } = node;
  const what = input.slice(start, end);
  return (meter) => {
    const value = read(meter);
    if (value === undefined) throw new ExpressionFailure(`${what} is not there`);
    return value;
  };
}

/** @returns a step that gives undefined for what is not there */
function optionalAccess(node: ASTNode, names: Names): Step {
  const field = fieldOf(node, names);
  if (field !== undefined) return readField(field, node);
  if (node.op === 'id') return readLocal(node, node.args, names);
  if (node.op !== '.' && node.op !== '[]') return compile(node, names);

  const [left] = node.args;
  const key: Step = node.op === '.' ? constant(node.args[1]) : compile(node.args[1], names);
  const table = fieldOf(left, names);
  if (table?.kind === 'table') {
    const { read } = table;
    return (meter) => read(meter.exchange, asText(key(meter)));
  }
  if (table?.kind === 'record')
    throw new ExpressionMistake(`write the field behind a dot: ${Object.keys(table.fields).join(', ')}`, node.start);
  const container = compile(left, names);
  return (meter) => select(container(meter), key(meter));
}

function readField(field: Field, { input, start, end }: ASTNode): Step {
  const name = input.slice(start, end);
  if (field.kind === 'value') {
    const { read } = field;
    return (meter) => read(meter.exchange) ?? undefined;
  }
  if (field.kind === 'source') {
    const read = field.open?.();
    if (read === undefined) throw new ExpressionMistake(`${name} ${field.missing}`, start);
    return (meter) => read(meter.exchange);
  }
  throw new ExpressionMistake(
    field.kind === 'table'
      ? `${name} can be asked for a name (${name}["a"], "a" in ${name}), but not listed`
      : `${name} is no value; ask for ${Object.keys(field.fields).join(', ')}`,
    start,
  );
}

function readLocal(node: ASTNode, name: string, names: Names): Step {
  const depth = names.locals.lastIndexOf(name);
  if (depth >= 0) return (meter) => meter.locals[depth];
  if (name === 'body') return (meter) => meter.body;
  throw new ExpressionMistake(`${name} is not known here`, node.start);
}

function select(container: unknown, key: unknown): unknown {
  if (Array.isArray(container)) {
    if (isNumber(key) && Number.isInteger(Number(key))) return container[Number(key)];
    throw new ExpressionFailure(`a list is asked by an int, not by a ${kindOf(key)}`);
  }
  if (isMap(container)) return entryOf(container, key);
  throw new ExpressionFailure(`a ${kindOf(container)} has no fields`);
}

/** `has(a.b)`: whether there is a value; what stands before the last dot has to be there. */
function compileHas(node: ASTNode, names: Names): Step {
  const field = fieldOf(node, names);
  if (field?.kind === 'record' && field.read !== undefined) {
    const { read } = field;
    return (meter) => read(meter.exchange) !== undefined;
  }
  if (field?.kind === 'record' || field?.kind === 'table') return constant(true);
  const read = optionalAccess(node, names);
  return (meter) => read(meter) !== undefined;
}

/**
 * "The logical operators are … commutative; if one side decides, an error of the other is absorbed" (CEL, "Logical operators").
 * @param decides the value of a side that is the result whatever the other one is
 */
function compileLogic(decides: boolean, nodes: readonly [ASTNode, ASTNode], names: Names): Step {
  const left = compile(nodes[0], names);
  const right = compile(nodes[1], names);
  return (meter) => {
    let first: boolean;
    try {
      first = asBool(left(meter));
    } catch (error) {
      if (!(error instanceof ExpressionFailure) || error instanceof BudgetFailure) throw error;
      if (asBool(right(meter)) === decides) return decides;
      throw error;
    }
    return first === decides ? decides : asBool(right(meter));
  };
}

function constant(value: unknown): Step {
  return () => value;
}
