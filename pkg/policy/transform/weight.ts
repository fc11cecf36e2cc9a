/** How long JSON would be, before it is made: a value that an expression gives may hold one large part thousands of times. */

/** Of what stands around a value: quotes, a comma, a colon. */
const Around = 4;

/** @returns characters, roughly; more than `limit` as soon as it is clear that there are more */
export function weightOf(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + Around;
  if (typeof value !== 'object' || value === null) return Around;
  let weight = Around;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && weight <= limit; i++) weight += weightOf(value[i], limit - weight);
    return weight;
  }
  for (const name of Object.keys(value)) {
    weight += name.length + Around;
    if (weight > limit) break;
    weight += weightOf((value as Readonly<Record<string, unknown>>)[name], limit - weight);
  }
  return weight;
}
