/**
 * A stage between a source and the store: what vanishes all at once is kept for a while. A CRD that is deleted takes every object of
 * its kind along, and a list that misses half of a kind is more often a restored backup or a broken proxy than a wish; either would
 * cut all traffic within a second. What one deletes by hand goes at once.
 */
import { GATEWAY_API_GROUP, isKind, KINDS, type Kind, OUR_GROUP } from '../api/kinds.ts';
import { objectId, refOf } from '../api/object.ts';
import type { Progress } from '../kube/versions.ts';
import type { Clock } from '../store/clock.ts';
import type { Change, Source, SourceSink } from './source.ts';

export interface HoldOptions {
  /** ms that objects are kept; 0: not at all. */
  readonly hold: number;
  readonly clock: Clock;
  /** Whether the CRD of a kind is gone, or about to. False where that cannot be known. Must not reject. */
  readonly isLeaving: (kind: Kind) => Promise<boolean>;
  /** Objects of these kinds are held now: `HTTPRoute` → how many. Empty: none. `released` ones are let go just then. */
  readonly onChange: (held: ReadonlyMap<string, number>, released: number) => void;
}

type Remove = Extract<Change, { readonly kind: 'remove' }>;

interface Batch {
  readonly changes: readonly Change[];
  readonly progress: Progress | undefined;
}

interface Hold {
  readonly pending: Map<string, Remove>;
  readonly cancel: () => void;
}

/** What nobody refers to is dropped by the source: as long as who referred is held, it is still needed. */
const dependents: ReadonlySet<string> = new Set<Kind>(['Secret', 'ConfigMap', 'EndpointSlice']);
/** ms that the answer of `isLeaving` counts: a thousand deletions are not a thousand questions. */
const AnswerAge = 200;

export class HoldingSource implements Source {
  readonly #source: Source;
  readonly #options: HoldOptions;
  /** Of each kind, how many the store has. */
  readonly #known = new Map<string, Set<string>>();
  readonly #holds = new Map<string, Hold>();
  readonly #kept = new Map<string, Remove>();
  readonly #stays = new Map<string, number>();
  #sink: SourceSink | undefined;
  #queue: Batch[] = [];
  #asking: Promise<void> | undefined;
  #closed = false;

  constructor(source: Source, options: HoldOptions) {
    this.#source = source;
    this.#options = options;
  }

  async start(sink: SourceSink): Promise<void> {
    this.#sink = sink;
    await this.#source.start({
      apply: (changes, progress) => {
        this.#queue.push({ changes, progress });
        this.#work();
      },
      problems: (problems) => sink.problems(problems),
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { cancel } of this.#holds.values()) cancel();
    await this.#source.close();
    await this.#asking;
  }

  /** Batches in their order; only one with removals that may be a CRD's waits for an answer. */
  #work(): void {
    while (this.#asking === undefined && !this.#closed) {
      const batch = this.#queue[0];
      if (batch === undefined) return;
      const unsure = this.#unsure(batch.changes);
      if (unsure.length === 0) {
        this.#queue.shift();
        this.#take(batch, new Set());
        continue;
      }
      this.#asking = this.#ask(unsure).then((leaving) => {
        this.#asking = undefined;
        if (this.#closed) return;
        this.#queue.shift();
        this.#take(batch, leaving);
        this.#work();
      });
    }
  }

  #unsure(batch: readonly Change[]): readonly Kind[] {
    if (this.#options.hold === 0) return [];
    const kinds = new Set(batch.flatMap((change) => (change.kind === 'remove' ? [change.ref.kind] : [])));
    const now = this.#options.clock.now();
    return [...kinds].filter(isKind).filter((kind) => {
      const { group } = KINDS[kind];
      if (group !== GATEWAY_API_GROUP && group !== OUR_GROUP) return false;
      return !this.#holds.has(kind) && now - (this.#stays.get(kind) ?? Number.NEGATIVE_INFINITY) > AnswerAge;
    });
  }

  async #ask(kinds: readonly Kind[]): Promise<ReadonlySet<string>> {
    const leaving = new Set<string>();
    for (const kind of kinds) {
      if (await this.#options.isLeaving(kind)) leaving.add(kind);
      else this.#stays.set(kind, this.#options.clock.now());
    }
    return leaving;
  }

  #take({ changes, progress }: Batch, leaving: ReadonlySet<string>): void {
    const before = this.#count();
    for (const kind of leaving) this.#begin(kind);
    for (const [kind, missed] of missedByKind(changes)) {
      if (missed * 2 > (this.#known.get(kind)?.size ?? 0)) this.#begin(kind);
    }
    const passed = changes.filter((change) => this.#passes(change));
    // Everything came back: nothing is to be waited for.
    for (const [kind, { pending, cancel }] of this.#holds) {
      if (pending.size > 0) continue;
      cancel();
      this.#holds.delete(kind);
    }
    const released = this.#holds.size === 0 ? this.#takeKept() : [];
    this.#apply([...passed, ...released], progress);
    if (this.#count() !== before) this.#tell(0);
  }

  #passes(change: Change): boolean {
    const ref = change.kind === 'upsert' ? refOf(change.object) : change.ref;
    const id = objectId(ref);
    const hold = this.#holds.get(ref.kind);
    if (change.kind === 'upsert') {
      hold?.pending.delete(id);
      this.#kept.delete(id);
      return true;
    }
    if (hold !== undefined) hold.pending.set(id, change);
    else if (this.#holds.size > 0 && dependents.has(ref.kind)) this.#kept.set(id, change);
    else return true;
    return false;
  }

  #begin(kind: string): void {
    const { hold, clock } = this.#options;
    if (hold === 0 || this.#holds.has(kind)) return;
    this.#holds.set(kind, { pending: new Map(), cancel: clock.after(hold, () => this.#release(kind)) });
  }

  #release(kind: string): void {
    const pending = [...(this.#holds.get(kind)?.pending.values() ?? [])];
    this.#holds.delete(kind);
    this.#apply([...pending, ...(this.#holds.size === 0 ? this.#takeKept() : [])]);
    this.#tell(pending.length);
  }

  #takeKept(): readonly Remove[] {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    return kept;
  }

  #apply(changes: readonly Change[], progress?: Progress): void {
    for (const change of changes) {
      const ref = change.kind === 'upsert' ? refOf(change.object) : change.ref;
      const ids = this.#known.get(ref.kind) ?? new Set<string>();
      this.#known.set(ref.kind, ids);
      if (change.kind === 'upsert') ids.add(objectId(ref));
      else ids.delete(objectId(ref));
    }
    if (changes.length > 0 || progress !== undefined) this.#sink?.apply(changes, progress);
  }

  #count(): number {
    return [...this.#holds.values()].reduce((sum, { pending }) => sum + pending.size, 0);
  }

  #tell(released: number): void {
    this.#options.onChange(new Map([...this.#holds].map(([kind, { pending }]) => [kind, pending.size])), released);
  }
}

/** Removals that nobody saw happen: a new list did not have the object any more. */
function missedByKind(batch: readonly Change[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const change of batch) {
    if (change.kind !== 'remove' || change.missed !== true) continue;
    counts.set(change.ref.kind, (counts.get(change.ref.kind) ?? 0) + 1);
  }
  return counts;
}
