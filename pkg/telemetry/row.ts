/**
 * The counters of one data worker: one piece of shared memory, written by that worker alone and read by the services thread.
 *
 * A scrape therefore asks no worker anything. Numbers are doubles: one writer and aligned eight-byte stores need no locks.
 * A replaced worker gets a new row; what the old one counted is folded into the totals, and what it held (gauges) is gone with it.
 */

/** Upper bounds of the duration histogram, in seconds. */
export const Buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Fields of a slot, by family. A slot is one set of label values. */
export const Exchange = {
  /** Five of them: 1xx to 5xx. */
  classes: 0,
  /** One for each bucket and one above them, not cumulative. */
  buckets: 5,
  /** Microseconds. */
  duration: 5 + Buckets.length + 1,
  requestBytes: 5 + Buckets.length + 2,
  responseBytes: 5 + Buckets.length + 3,
  /** Microseconds to the response head, and how often there was one. */
  upstreamDuration: 5 + Buckets.length + 4,
  upstreamResponses: 5 + Buckets.length + 5,
  retries: 5 + Buckets.length + 6,
} as const;

export const Connection = { opened: 0, closed: 1 } as const;
export const UpstreamConnection = { opened: 0, closed: 1, failed: 2, reused: 3 } as const;
export const Worker = {
  tunnelsOpened: 0,
  tunnelsClosed: 1,
  linesDropped: 2,
  /** Seconds. */
  delayMedian: 3,
  delay99: 4,
  delayMax: 5,
  /** 0 to 1. */
  utilization: 6,
  /** Bytes. */
  heapUsed: 7,
  /** Grows every second while the worker's event loop turns. */
  heartbeat: 8,
} as const;

export interface Family {
  /** Slots; the first takes whatever no other slot is left for (`other`). */
  readonly capacity: number;
  /** Numbers in a slot, without its generation. */
  readonly width: number;
}

/** Cardinality is bounded here: a tenant with 100,000 routes gets `other`, not a scrape that takes seconds. */
export const families = {
  exchange: { capacity: 2000, width: Exchange.retries + 1 },
  connection: { capacity: 128, width: 2 },
  upstreamConnection: { capacity: 1000, width: 4 },
  limit: { capacity: 64, width: 1 },
  flag: { capacity: 64, width: 1 },
  policy: { capacity: 512, width: 1 },
  droppedValue: { capacity: 64, width: 1 },
  identity: { capacity: 128, width: 1 },
  worker: { capacity: 1, width: 9 },
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;

export const familyNames = Object.keys(families) as FamilyName[];

/** What a worker writes and the services thread reads. */
export interface WorkerMemory {
  readonly row: SharedArrayBuffer;
  /** Of `line-pool.ts`. */
  readonly lines: SharedArrayBuffer;
}

/** What a slot stands for, told by the worker when it takes the slot. */
export interface SlotLabels {
  readonly family: FamilyName;
  readonly slot: number;
  /** Equal to the number in the slot, unless the slot was given to something else meanwhile. */
  readonly generation: number;
  /** Values in the order of the family's labels: route and backend; socket; cluster; limit; flag; policy, mode, decision and code; policy, mode and reason. */
  readonly labels: readonly string[];
}

const sizeOf = (name: FamilyName): number => families[name].capacity * (families[name].width + 1);

/** Where each family starts: they stand one behind the other. */
const starts: ReadonlyMap<FamilyName, number> = new Map(
  familyNames.map((name, i) => [name, familyNames.slice(0, i).reduce((sum, before) => sum + sizeOf(before), 0)]),
);

export function createRow(): SharedArrayBuffer {
  return new SharedArrayBuffer(familyNames.reduce((sum, name) => sum + sizeOf(name), 0) * 8);
}

/** Index of the first field of a slot; its generation stands one before. */
export function slotStart(family: FamilyName, slot: number): number {
  return (starts.get(family) ?? 0) + slot * (families[family].width + 1) + 1;
}
