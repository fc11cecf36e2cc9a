/** The rows of all workers, living and gone, as one set of numbers. Kept by the services thread, which alone renders metrics. */
import { type FamilyName, families, familyNames, type SlotLabels, slotStart } from './row.ts';

export interface Totals {
  readonly labels: readonly string[];
  readonly numbers: Float64Array;
}

export interface Book {
  open(worker: string, row: SharedArrayBuffer): void;
  label(worker: string, labels: readonly SlotLabels[]): void;
  /** The worker is gone: what it counted stays counted, what it held is held no more. */
  close(worker: string): void;
  /** Summed over workers, gone ones included, by label values. */
  totals(family: FamilyName): readonly Totals[];
  /** Rows of the living, for gauges: the fields of their `worker` slot. */
  living(): readonly { readonly worker: string; readonly numbers: Float64Array }[];
}

interface Account {
  readonly row: Float64Array;
  /** By family and slot. */
  readonly labels: Map<FamilyName, Map<number, SlotLabels>>;
}

type Sums = Map<string, { labels: readonly string[]; numbers: Float64Array }>;

export function createBook(): Book {
  const accounts = new Map<string, Account>();
  const gone = new Map<FamilyName, Sums>(familyNames.map((name) => [name, new Map()]));

  return {
    open(worker, row) {
      accounts.set(worker, { row: new Float64Array(row), labels: new Map() });
    },
    label(worker, labels) {
      const account = accounts.get(worker);
      if (account === undefined) return;
      for (const entry of labels) {
        const slots = account.labels.get(entry.family) ?? new Map<number, SlotLabels>();
        account.labels.set(entry.family, slots.set(entry.slot, entry));
      }
    },
    close(worker) {
      const account = accounts.get(worker);
      if (account === undefined) return;
      accounts.delete(worker);
      for (const [family, sums] of gone) addTo(sums, family, account);
      closeConnections(gone);
    },
    totals(family) {
      const sums: Sums = new Map();
      for (const [key, { labels, numbers }] of gone.get(family) ?? [])
        sums.set(key, { labels, numbers: numbers.slice() });
      for (const account of accounts.values()) addTo(sums, family, account);
      return [...sums.values()];
    },
    living() {
      const start = slotStart('worker', 0);
      return [...accounts].map(([worker, { row }]) => ({
        worker,
        numbers: row.subarray(start, start + families.worker.width),
      }));
    },
  };
}

function addTo(sums: Sums, family: FamilyName, { row, labels }: Account): void {
  const { width } = families[family];
  for (const [slot, entry] of labels.get(family) ?? []) {
    const start = slotStart(family, slot);
    if (row[start - 1] !== entry.generation) continue;
    const key = entry.labels.join('\0');
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, (sum = { labels: entry.labels, numbers: new Float64Array(width) }));
    for (let i = 0; i < width; i++) sum.numbers[i] = (sum.numbers[i] ?? 0) + (row[start + i] ?? 0);
  }
}

/** A thread that ended had its connections closed by the system, without having counted it. */
function closeConnections(gone: ReadonlyMap<FamilyName, Sums>): void {
  for (const family of ['connection', 'upstreamConnection', 'worker'] as const) {
    for (const { numbers } of gone.get(family)?.values() ?? []) numbers[1] = numbers[0] ?? 0;
  }
}
