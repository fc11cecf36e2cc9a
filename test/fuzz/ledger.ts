/** Counts what the differential parts see, and keeps what fails. */
import { explain } from './allowed.ts';
import type { Verdict } from './comparison.ts';
import { type Failure, MaxFailures, Tally } from './part.ts';
import type { OurReading } from './request-codec.ts';

export type Oracle = 'llhttp' | 'nginx';

export class Ledger {
  readonly tally = new Tally();
  readonly failures: Failure[] = [];
  readonly #part: string;
  readonly #refusals = new Tally();

  constructor(part: string) {
    this.#part = part;
  }

  get full(): boolean {
    return this.failures.length >= MaxFailures;
  }

  /** Oracle, reason, count. */
  get refusals(): readonly (readonly [oracle: string, reason: string, count: number])[] {
    return this.#refusals.entries().map(([name, count]) => {
      const [oracle = '', reason = ''] = name.split('\t');
      return [oracle, reason, count];
    });
  }

  fail(kind: string, index: number, what: string, input: string, check: Failure['check']): void {
    this.tally.add(kind);
    if (!this.full) this.failures.push({ part: this.#part, index, what, input, check });
  }

  judge(
    verdict: Verdict,
    oracle: Oracle,
    index: number,
    text: string,
    ours: OurReading,
    check: (kind: string) => Failure['check'],
  ): void {
    if (verdict.kind === 'agreed') return;
    const explained = verdict.kind === 'refused' ? reasonOf(verdict, oracle, text, ours) : null;
    if (explained !== null) this.#refusals.add(`${oracle}\t${explained}`);
    else {
      const kind = `${oracle} ${verdict.kind}`;
      this.fail(kind, index, wrongWith(verdict, oracle, text, ours) ?? '', text, check(kind));
    }
  }
}

/** @returns what is wrong, or null if they agree, or if their refusal is explained */
export function wrongWith(verdict: Verdict, oracle: Oracle, text: string, ours: OurReading): string | null {
  if (verdict.kind === 'agreed') return null;
  if (verdict.kind === 'different') return `${oracle}: ${verdict.what}`;
  return reasonOf(verdict, oracle, text, ours) === null ? `${oracle} refuses it: ${verdict.reason}` : null;
}

function reasonOf(
  { reason, index }: Verdict & { readonly kind: 'refused' },
  oracle: Oracle,
  text: string,
  ours: OurReading,
): string | null {
  const from = index === 0 ? 0 : (ours.ends[index - 1] ?? 0);
  const raw = text.slice(from, ours.ends[index]);
  return explain({ oracle, reason, frame: ours.frames[index]!, raw, before: text.slice(0, from) });
}
