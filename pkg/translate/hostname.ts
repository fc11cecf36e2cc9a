/** Hostnames of listeners and routes: normal form, matching, intersection. */

/** Lower case without trailing dot; `''` is every host. */
export function normaliseHostname(hostname: string | undefined): string {
  const lower = (hostname ?? '').toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/**
 * What both take; undefined if nothing.
 * "`*.example.com` would match both `test.example.com`, and `foo.test.example.com`" but not `example.com` (HTTPRouteSpec.hostnames).
 */
export function intersectHostnames(a: string, b: string): string | undefined {
  if (a === '' || a === b) return b;
  if (b === '') return a;
  if (covers(a, b)) return b;
  if (covers(b, a)) return a;
  return undefined;
}

// Both start with a dot where `other` is a wildcard: `*.b.example.com` is covered by `*.example.com`.
function covers(wildcard: string, other: string): boolean {
  if (!wildcard.startsWith('*.')) return false;
  const suffix = wildcard.slice(1);
  return (
    other.endsWith(suffix) &&
    other.length > suffix.length &&
    (!other.startsWith('*.') || other.length > wildcard.length)
  );
}
