/** Where statuses and source problems end up: in memory for a directory, at the API server in a cluster. Called by the controller. */
import type { Versions } from '../kube/versions.ts';
import type { PlacedProblem } from './problem.ts';
import type { ObjectStatus } from './status.ts';

export interface StatusSink {
  /**
   * Every status of one translation, replacing the former list. An object whose status did not change is the same instance.
   * @param versions how far the source had read when they were made; absent in a directory
   */
  publish(statuses: readonly ObjectStatus[], versions?: Versions): void;
  /** Every document that could not become an object, replacing the former list. */
  problems(problems: readonly PlacedProblem[]): void;
}
