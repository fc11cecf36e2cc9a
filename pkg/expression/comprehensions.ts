/** Loops: `all`, `exists`, `exists_one`, `filter`, `map`. Each round costs what its body has nodes. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { ExpressionMistake } from './environment.ts';
import { BudgetFailure, ExpressionFailure } from './failure.ts';
import type { Meter } from './meter.ts';
import type { Names, Step } from './step.ts';
import { asBool, asList, isMap, keysOf } from './value.ts';

/** A loop in a loop compares two lists; more is a program. */
const MaxNesting = 2;

interface Loop {
  readonly range: Step;
  /** Where the variable of the loop stands in `Meter.locals`. */
  readonly depth: number;
  /** Instructions of one round. */
  readonly cost: number;
}

const loops: Readonly<Record<string, (loop: Loop, steps: readonly Step[]) => Step>> = {
  'all/2': (loop, [test]) => quantifier(loop, test!, false),
  'exists/2': (loop, [test]) => quantifier(loop, test!, true),
  'exists_one/2': (loop, [test]) => {
    const passing = collect(loop, (meter, element) => (asBool(test!(meter)) ? [element] : []));
    return (meter) => passing(meter).length === 1;
  },
  'filter/2': (loop, [test]) => collect(loop, (meter, element) => (asBool(test!(meter)) ? [element] : [])),
  'map/2': (loop, [transform]) => collect(loop, (meter) => [transform!(meter)]),
  'map/3': (loop, [test, transform]) => collect(loop, (meter) => (asBool(test!(meter)) ? [transform!(meter)] : [])),
};

/** @returns undefined if the call is no loop */
export function compileComprehension(node: Extract<ASTNode, { readonly op: 'rcall' }>, names: Names): Step | undefined {
  const [name, receiver, [variable, ...bodies]] = node.args;
  const key = `${name}/${node.args[2].length}`;
  if (variable === undefined || !Object.hasOwn(loops, key)) return undefined;
  if (variable.op !== 'id') throw new ExpressionMistake(`${name} needs the name of a variable first`, variable.start);
  if (names.locals.length >= MaxNesting)
    throw new ExpressionMistake(`loops are nested more than ${MaxNesting} deep`, node.start);
  const inner: Names = { ...names, locals: [...names.locals, variable.args] };
  const steps = bodies.map((body) => names.compile(body, inner));
  return loops[key]!(
    {
      range: names.compile(receiver, names),
      depth: names.locals.length,
      cost: bodies.reduce((sum, body) => sum + countNodes(body), 0),
    },
    steps,
  );
}

/** One element decides; if none does, an error of any of them is the result (CEL, "Macros"). */
function quantifier({ range, depth, cost }: Loop, test: Step, decides: boolean): Step {
  return (meter) => {
    let failure: ExpressionFailure | undefined;
    for (const element of elementsOf(range(meter), meter)) {
      meter.charge(cost);
      meter.locals[depth] = element;
      try {
        if (asBool(test(meter)) === decides) return decides;
      } catch (error) {
        if (!(error instanceof ExpressionFailure) || error instanceof BudgetFailure) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return !decides;
  };
}

function collect(
  { range, depth, cost }: Loop,
  round: (meter: Meter, element: unknown) => readonly unknown[],
): (meter: Meter) => readonly unknown[] {
  return (meter) => {
    const result: unknown[] = [];
    for (const element of elementsOf(range(meter), meter)) {
      meter.charge(cost);
      meter.locals[depth] = element;
      result.push(...round(meter, element));
    }
    return result;
  };
}

/** A map is gone through by its keys. */
function elementsOf(range: unknown, meter: Meter): readonly unknown[] {
  return isMap(range) ? keysOf(range, meter) : asList(range);
}

function countNodes(node: ASTNode): number {
  return 1 + childrenOf(node.args).reduce((sum, child) => sum + countNodes(child), 0);
}

function childrenOf(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}
