/** Which coding a client wants (RFC 9110 12.5.3). */

const MaxItems = 32;

/**
 * @param field Accept-Encoding; undefined if there is none
 * @param codings in order of preference
 * @returns null: the body as it is
 */
export function chooseCoding<C extends string>(field: string | undefined, codings: readonly C[]): C | null {
  // "If no Accept-Encoding header field is in the request, any content coding is considered acceptable": acceptable, not wanted.
  if (field === undefined) return null;
  const weights = weightsOf(field);
  const any = weights.get('*') ?? 0;
  let best: C | null = null;
  // What is not said of the body as it is, is only that it may be sent.
  let weight = weights.get('identity') ?? 0;
  for (const coding of codings) {
    const wanted = weights.get(coding) ?? any;
    if (wanted === 0 || wanted < weight || (best !== null && wanted === weight)) continue;
    best = coding;
    weight = wanted;
  }
  return best;
}

function weightsOf(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const item of field.toLowerCase().split(',', MaxItems)) {
    const [name = '', ...parameters] = item.split(';', 4).map((part) => part.trim());
    const weight = weightOf(parameters);
    // "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"" (RFC 9110 8.4.1.3).
    if (name !== '' && weight !== null) weights.set(name === 'x-gzip' ? 'gzip' : name, weight);
  }
  return weights;
}

/** @returns null for a weight that is none: the item says nothing */
function weightOf(parameters: readonly string[]): number | null {
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  if (q === undefined) return 1;
  return /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q.slice(2)) : null;
}
