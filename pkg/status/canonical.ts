/** JSON compared by what it says: the API server has its own order of keys. Used where statuses are put side by side. */

/** The same text whatever the order of keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    isMap(field) ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1))) : field,
  );
}

/** What makes a list item the same one as before: its name, not its place. */
export function keyOf(item: unknown, index: number): string {
  if (!isMap(item)) return String(index);
  const name = item['type'] ?? item['parentRef'] ?? item['ancestorRef'] ?? item['name'] ?? item['key'] ?? item['index'];
  return canonical([name ?? index, item['controllerName']]);
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
