/** What the origins did, against what the clients were told: lost, doubled and misrouted requests are told apart here. */
import type { Origin } from './origin.ts';
import type { Traffic } from './traffic.ts';

export interface Ledger {
  /** POST requests that were executed more than once: never right. */
  readonly doubled: readonly number[];
  /** GET requests that were: allowed (RFC 9110 9.2.2), the price of a retry. */
  readonly repeated: number;
  /** Answers that belong to another request, or came damaged. */
  readonly misrouted: number;
  /** Answered with 200, and no origin had seen it. */
  readonly invented: number;
  /** Ids that some origin executed. */
  readonly executed: ReadonlyMap<number, number>;
  /** The bars above in words, for `Row.missed`. */
  readonly missed: readonly string[];
}

/** Call it after `traffic.stop()`. */
export async function readLedger(traffic: Traffic, origins: readonly Pick<Origin, 'executed'>[]): Promise<Ledger> {
  const { base, sent } = traffic;
  const executed = new Map<number, number>();
  for (const origin of origins) {
    for (const id of await origin.executed())
      if (id > base && id <= base + sent) executed.set(id, (executed.get(id) ?? 0) + 1);
  }
  const doubled: number[] = [];
  let repeated = 0;
  for (const [id, times] of executed) {
    if (times === 1) continue;
    if (traffic.posts.has(id)) doubled.push(id);
    else repeated++;
  }
  const failed = new Set(traffic.failures.map(({ id }) => id));
  let invented = 0;
  for (let id = base + 1; id <= base + sent; id++) if (!failed.has(id) && !executed.has(id)) invented++;
  const misrouted = traffic.failures.filter(({ kind }) => kind === 'misrouted' || kind === 'damaged').length;
  const missed = [
    ...(doubled.length > 0 ? [`${doubled.length} POST executed twice`] : []),
    ...(misrouted > 0 ? [`${misrouted} answers of another request or damaged`] : []),
    ...(invented > 0 ? [`${invented} answers that no origin gave`] : []),
  ];
  return { doubled, repeated, misrouted, invented, executed, missed };
}
