/** Operators of CEL. */
import type { ASTNode, BinaryOperator } from '@marcbachmann/cel-js';
import { ExpressionFailure } from './failure.ts';
import type { Meter } from './meter.ts';
import type { Names, Step } from './step.ts';
import { asBool, asText, compare, entryOf, equal, isMap, isNumber, kindOf } from './value.ts';
import type { Field } from './variables.ts';

type Binary = (left: unknown, right: unknown, meter: Meter) => unknown;

const binary: { readonly [O in BinaryOperator]: Binary } = {
  '==': equal,
  '!=': (left, right, meter) => !equal(left, right, meter),
  '<': (left, right, meter) => compare(left, right, meter) < 0,
  '<=': (left, right, meter) => compare(left, right, meter) <= 0,
  '>': (left, right, meter) => compare(left, right, meter) > 0,
  '>=': (left, right, meter) => compare(left, right, meter) >= 0,
  in: contains,
  '+': add,
  '-': (left, right) =>
    arithmetic(
      left,
      right,
      '-',
      (a, b) => a - b,
      (a, b) => a - b,
    ),
  '*': (left, right) =>
    arithmetic(
      left,
      right,
      '*',
      (a, b) => a * b,
      (a, b) => a * b,
    ),
  '/': (left, right) =>
    arithmetic(
      left,
      right,
      '/',
      (a, b) => a / nonZero(b),
      (a, b) => a / b,
    ),
  '%': (left, right) =>
    arithmetic(
      left,
      right,
      '%',
      (a, b) => a % nonZero(b),
      () => undefined,
    ),
};

type OperatorNode = Extract<ASTNode, { readonly op: BinaryOperator | '!_' | '-_' }>;

export function isOperator(node: ASTNode): node is OperatorNode {
  return node.op === '!_' || node.op === '-_' || Object.hasOwn(binary, node.op);
}

export function compileOperator(
  node: OperatorNode,
  names: Names,
  fieldOf: (node: ASTNode, names: Names) => Field | undefined,
): Step {
  if (node.op === '!_') {
    const operand = names.compile(node.args, names);
    return (meter) => !asBool(operand(meter));
  }
  if (node.op === '-_') {
    const operand = names.compile(node.args, names);
    return (meter) => negate(operand(meter));
  }
  const left = names.compile(node.args[0], names);
  const table = node.op === 'in' ? fieldOf(node.args[1], names) : undefined;
  if (table?.kind === 'table') return (meter) => table.read(meter.exchange, asText(left(meter))) !== undefined;
  const right = names.compile(node.args[1], names);
  const operate = binary[node.op];
  return (meter) => operate(left(meter), right(meter), meter);
}

function contains(value: unknown, container: unknown, meter: Meter): boolean {
  if (Array.isArray(container)) {
    meter.charge(container.length);
    return container.some((element) => equal(value, element, meter));
  }
  if (isMap(container)) return entryOf(container, value) !== undefined;
  throw new ExpressionFailure(`nothing is in a ${kindOf(container)}`);
}

function add(left: unknown, right: unknown, meter: Meter): unknown {
  if (typeof left === 'string' && typeof right === 'string') {
    meter.charge((left.length + right.length) >> 4);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    meter.charge(left.length + right.length);
    return [...(left as readonly unknown[]), ...(right as readonly unknown[])];
  }
  return arithmetic(
    left,
    right,
    '+',
    (a, b) => a + b,
    (a, b) => a + b,
  );
}

/** JSON knows doubles only, so an int beside a double counts as one: `body.count + 1`. */
function arithmetic(
  left: unknown,
  right: unknown,
  operator: string,
  ints: (a: bigint, b: bigint) => bigint,
  doubles: (a: number, b: number) => number | undefined,
): bigint | number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return inRange(ints(left, right));
  const result = isNumber(left) && isNumber(right) ? doubles(Number(left), Number(right)) : undefined;
  if (result === undefined) throw new ExpressionFailure(`${kindOf(left)} ${operator} ${kindOf(right)} is not defined`);
  return result;
}

function negate(value: unknown): bigint | number {
  if (typeof value === 'bigint') return inRange(-value);
  if (typeof value === 'number') return -value;
  throw new ExpressionFailure(`-${kindOf(value)} is not defined`);
}

function nonZero(divisor: bigint): bigint {
  if (divisor === 0n) throw new ExpressionFailure('division by zero');
  return divisor;
}

/** "Integer overflow is an error" (CEL, "Numeric values"): ints have 64 bits. */
function inRange(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new ExpressionFailure('integer overflow');
  return value;
}
