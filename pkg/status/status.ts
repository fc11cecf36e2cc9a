/** Statuses as translate computes them: everything but the time, which only the writer knows. */
import type { ObjectRef } from '../api/object.ts';
import type { Problem } from './problem.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  /** At most 1 KiB. */
  readonly message: string;
  readonly observedGeneration: number;
}

/** The whole status of one object, from one snapshot. */
export interface ObjectStatus {
  readonly ref: ObjectRef;
  /** metadata.generation of the object this was computed from. */
  readonly generation: number;
  /** The `status` stanza as the API has it; every Condition in it lacks lastTransitionTime. */
  readonly status: Readonly<Record<string, unknown>>;
  /** Everything wrong with this object, each with its field path: for `gatewayctl validate`, logs and events. */
  readonly problems: readonly Problem[];
}
