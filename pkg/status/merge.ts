/** Our status put into the one that stands at the API server, where other controllers write too. Pure; used by `writer.ts`. */
type Json = Readonly<Record<string, unknown>>;

/** Lists of which each entry belongs to one controller. */
const SHARED = ['parents', 'ancestors'] as const;

/**
 * What to write, or undefined if it already stands there.
 * - `parents`, `ancestors`: entries of other controllers stay, in front of ours;
 * - `conditions`: those of types that we do not write stay.
 * @param ours with times
 * @param controller our `controllerName`
 */
export function mergeStatus(standing: Json | undefined, ours: Json, controller: string): Json | undefined {
  const merged: Record<string, unknown> = { ...ours };
  for (const name of SHARED) {
    const others = listOf(standing?.[name]).filter((entry) => entry['controllerName'] !== controller);
    if (ours[name] !== undefined || others.length > 0) merged[name] = [...others, ...listOf(ours[name])];
  }
  if (Array.isArray(ours['conditions'])) {
    const types = new Set(listOf(ours['conditions']).map(({ type }) => type));
    const others = listOf(standing?.['conditions']).filter(({ type }) => !types.has(type));
    merged['conditions'] = [...others, ...listOf(ours['conditions'])];
  }
  const changed = Object.keys(merged).some((name) => canonical(merged[name]) !== canonical(standing?.[name]));
  return changed ? merged : undefined;
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The same text whatever the order of keys: the API server has its own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
