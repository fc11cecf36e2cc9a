/** The tables that `make fuzz` prints. */
import type { Outcome } from './part.ts';

export function renderOutcome({ part, inputs, planned = inputs, seconds, counts, refusals }: Outcome): string {
  const rows: (readonly [string, string])[] = [
    ['inputs', number(inputs)],
    ...(planned > inputs ? [['asked for', number(planned)] as const] : []),
    ...counts.map(([label, count]) => [label, typeof count === 'number' ? number(count) : count] as const),
    ['seconds', seconds.toFixed(1)],
  ];
  const lines = table(rows).map((line) => `  ${line}`);
  if (refusals.length > 0) {
    const reasons = refusals.map(([oracle, reason, count]) => [`${oracle}: ${reason}`, number(count)] as const);
    lines.push('  refused by them alone, each explained in allowed.ts', ...table(reasons).map((line) => `    ${line}`));
  }
  return [part, ...lines, ''].join('\n');
}

/** Labels to the left, numbers to the right. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const label = Math.max(...rows.map(([text]) => text.length));
  const value = Math.max(...rows.map(([, text]) => text.length));
  return rows.map(([left, right]) => `${left.padEnd(label)}  ${right.padStart(value)}`);
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}
