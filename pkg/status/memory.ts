/**
 * Statuses without an API server: kept for the admin port and `gatewayctl`, problems printed one line each. Used with
 * `--directory`.
 */
import { objectId } from '../api/object.ts';
import { problemLine, statusProblem } from './line.ts';
import type { PlacedProblem } from './problem.ts';
import type { StatusSink } from './sink.ts';
import { stampStatus } from './stamp.ts';
import type { ObjectStatus } from './status.ts';

export interface StatusMemoryOptions {
  /** Takes one line, without its end. */
  readonly print: (line: string) => void;
  readonly now: () => Date;
  /** Where an object's field is written, if the source knows. */
  readonly placeOf?: (
    ref: ObjectStatus['ref'],
    path: string,
  ) => { readonly file: string; readonly line: number } | undefined;
}

interface Kept {
  /** As translate gave it: the same instance means nothing changed. */
  readonly from: ObjectStatus;
  /** With the times. */
  readonly stamped: ObjectStatus;
}

export class StatusMemory implements StatusSink {
  private readonly options: StatusMemoryOptions;
  private kept = new Map<string, Kept>();
  private ofSource = new Map<string, PlacedProblem>();
  private ofStatuses = new Map<string, PlacedProblem>();

  constructor(options: StatusMemoryOptions) {
    this.options = options;
  }

  /** As `kubectl get` would show them, by kind, namespace, name. */
  get statuses(): readonly ObjectStatus[] {
    return [...this.kept.values()].map(({ stamped }) => stamped);
  }

  /** Every problem that stands: of documents first, then of objects. */
  get standing(): readonly PlacedProblem[] {
    return [...this.ofSource.values(), ...this.ofStatuses.values()];
  }

  find(ref: { readonly kind: string; readonly namespace: string; readonly name: string }): ObjectStatus | undefined {
    return this.kept.get(objectId(ref))?.stamped;
  }

  publish(statuses: readonly ObjectStatus[]): void {
    const now = `${this.options.now().toISOString().slice(0, 19)}Z`;
    const next = new Map<string, Kept>();
    const problems = new Map<string, PlacedProblem>();
    for (const from of statuses) {
      const id = objectId(from.ref);
      const former = this.kept.get(id);
      const same = former?.from === from;
      next.set(id, same ? former : { from, stamped: stamp(from, former?.stamped, now) });
      for (const problem of from.problems) {
        const key = JSON.stringify([id, problem.path, problem.message]);
        const known = this.ofStatuses.get(key);
        problems.set(key, known ?? statusProblem(from.ref, problem, this.options.placeOf?.(from.ref, problem.path)));
      }
    }
    this.kept = next;
    this.ofStatuses = this.tell(this.ofStatuses, problems);
  }

  problems(problems: readonly PlacedProblem[]): void {
    // Lines move with every edit above them: that is no new problem.
    const next = new Map(problems.map((p) => [JSON.stringify([p.file, p.object, p.path, p.message]), p]));
    this.ofSource = this.tell(this.ofSource, next);
  }

  private tell(
    former: ReadonlyMap<string, PlacedProblem>,
    next: Map<string, PlacedProblem>,
  ): Map<string, PlacedProblem> {
    for (const [key, problem] of former) if (!next.has(key)) this.options.print(`resolved: ${problemLine(problem)}`);
    for (const [key, problem] of next) if (!former.has(key)) this.options.print(problemLine(problem));
    return next;
  }
}

function stamp(from: ObjectStatus, former: ObjectStatus | undefined, now: string): ObjectStatus {
  return { ...from, status: stampStatus(from.status, former?.status, now) };
}
