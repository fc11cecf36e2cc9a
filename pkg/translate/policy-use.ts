/** What policies come to at one rule of one route: the material of their statuses, and of the route's. */
import type { KubeObject } from '../api/object.ts';
import type { Fault, Origin } from './effective.ts';
import type { AttachedPolicy } from './policy-level.ts';

export interface PolicyUse {
  /** The route or Ingress. */
  readonly object: KubeObject;
  /** Of the rule. */
  readonly index: number;
  /** Name of the rule, or its index if it has none. */
  readonly rule: string;
  /** Ids of the listeners whose policies reach it. */
  readonly listeners: readonly string[];
  /** What is attached to the object itself and reaches the rule: the same wherever `origins` is the same instance. */
  readonly own: readonly AttachedPolicy[];
  /** At other listeners other policies reach the same rule: it has more than one use. */
  readonly partial: boolean;
  readonly origins: readonly Origin[];
  readonly faults: readonly Fault[];
}
