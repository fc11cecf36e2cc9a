/** Which changed paths have been quiet for long enough to be read. Pure bookkeeping; used by `directory.ts`. */

export class Settle {
  private readonly quiet: number;
  private readonly max: number;
  private readonly pending = new Map<string, { readonly first: number; readonly last: number }>();

  /** ms of quiet per path, and ms after its first change at which it is due although it keeps changing. */
  constructor(quiet: number, max: number) {
    this.quiet = quiet;
    this.max = max;
  }

  note(path: string, now: number): void {
    this.pending.set(path, { first: this.pending.get(path)?.first ?? now, last: now });
  }

  /** Takes out the paths that are due. */
  takeDue(now: number): string[] {
    const due: string[] = [];
    for (const [path, times] of this.pending) if (this.dueAt(times) <= now) due.push(path);
    for (const path of due) this.pending.delete(path);
    return due;
  }

  /** When the next path is due, or undefined if none waits. */
  next(): number | undefined {
    let next: number | undefined;
    for (const times of this.pending.values()) next = Math.min(next ?? Number.POSITIVE_INFINITY, this.dueAt(times));
    return next;
  }

  private dueAt({ first, last }: { readonly first: number; readonly last: number }): number {
    return Math.min(last + this.quiet, first + this.max);
  }
}
