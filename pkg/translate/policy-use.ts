/** What policies come to at one rule of one route: the material of their statuses, and of the route's. */
import type { KubeObject } from '../api/object.ts';
import type { Attachment } from '../ir/route.ts';
import type { Fault, Origin } from './effective.ts';

export interface PolicyUse {
  /** The route or Ingress. */
  readonly object: KubeObject;
  /** Of the rule. */
  readonly index: number;
  /** Name of the rule, or its index if it has none. */
  readonly rule: string;
  readonly attachments: readonly Attachment[];
  /** At other listeners other policies reach the same rule: it has more than one use. */
  readonly partial: boolean;
  readonly origins: readonly Origin[];
  readonly faults: readonly Fault[];
}
