/** The field names that a proxy has to understand; every other name is copied through unread. Used by `head.ts`, once per field. */

/** Numbers, so that a head can hold one per field in a byte array. 0 is no known name. */
export const Known = {
  Host: 1,
  Connection: 2,
  KeepAlive: 3,
  ProxyConnection: 4,
  TE: 5,
  Trailer: 6,
  Upgrade: 7,
  HTTP2Settings: 8,
  TransferEncoding: 9,
  ContentLength: 10,
  Expect: 11,
  XForwardedFor: 12,
  XForwardedHost: 13,
  XForwardedProto: 14,
  XForwardedPort: 15,
  XForwardedPrefix: 16,
  XForwardedScheme: 17,
  XForwardedSsl: 18,
  XForwardedUri: 19,
  XForwardedMethod: 20,
  XForwardedServer: 21,
  Forwarded: 22,
  XRealIp: 23,
  XRequestId: 24,
  XOriginalUrl: 25,
  XRewriteUrl: 26,
  Proxy: 27,
  Via: 28,
  Date: 29,
  Server: 30,
  UserAgent: 31,
  Cookie: 32,
  SetCookie: 33,
  Authorization: 34,
  ProxyAuthorization: 35,
  ProxyAuthenticate: 36,
  ContentType: 37,
  ContentEncoding: 38,
  Accept: 39,
  Origin: 40,
  Location: 41,
  /** `X-Forwarded-` and any word that has no number of its own; and the same of `X-Envoy-`. */
  XForwarded: 42,
  XEnvoy: 43,
} as const;
export type Known = (typeof Known)[keyof typeof Known];

interface Candidate {
  readonly id: Known;
  readonly lower: Uint8Array;
}

const byLength: (readonly Candidate[] | undefined)[] = Array.from({ length: 32 }, () => undefined);
for (const [name, id] of Object.entries(Known)) {
  const lower = new TextEncoder().encode(wireName(name));
  byLength[lower.length] = [...(byLength[lower.length] ?? []), { id, lower }];
}

const forwarded = new TextEncoder().encode('x-forwarded-');
const envoy = new TextEncoder().encode('x-envoy-');

/** @returns the Known of the field name in `bytes[start, end)`, in any case, or 0 */
export function knownName(bytes: Uint8Array, start: number, end: number): Known | 0 {
  const candidates = end - start < byLength.length ? byLength[end - start] : undefined;
  if (candidates !== undefined) {
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!;
      if (equalsLower(bytes, start, candidate.lower)) return candidate.id;
    }
  }
  // Families of names, to which every proxy adds its own: a list of them would always miss one.
  if ((bytes[start]! | 0x20) !== 120 || end - start <= envoy.length) return 0;
  if (equalsLower(bytes, start, envoy)) return Known.XEnvoy;
  return end - start > forwarded.length && equalsLower(bytes, start, forwarded) ? Known.XForwarded : 0;
}

/** Whether `bytes` from `start` spell `lower`, ASCII letters in any case. Only for a `lower` of letters, digits and `-`, against token bytes. */
export function equalsLower(bytes: Uint8Array, start: number, lower: Uint8Array): boolean {
  for (let i = 0; i < lower.length; i++) if ((bytes[start + i]! | 0x20) !== lower[i]) return false;
  return true;
}

/** `XForwardedFor` → `x-forwarded-for`; `TE` and `HTTP2Settings` are spelled as they are. */
function wireName(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=^X)(?=[A-Z])/g, '-').toLowerCase();
}
