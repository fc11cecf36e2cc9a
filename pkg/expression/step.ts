/** The compiled form of an expression: one closure for each node. */
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Meter } from './meter.ts';
import type { Fields } from './variables.ts';

export type Step = (meter: Meter) => unknown;

/** What names mean where a node stands. */
export interface Names {
  readonly variables: Fields;
  /** Of the loops around, the innermost last. */
  readonly locals: readonly string[];
  readonly compile: (node: ASTNode, names: Names) => Step;
}
