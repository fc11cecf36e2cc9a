/** Tells references that do not resolve (yet) from what can never work: the first are `ResolvedRefs`, the second `Accepted`. */
import type { Problem } from '../status/problem.ts';

const reasons: ReadonlySet<string> = new Set([
  // Gateway API's, of routes: "Controllers may raise this condition with other reasons, but should prefer to use the reasons listed above".
  'BackendNotFound',
  'InvalidKind',
  'RefNotPermitted',
  'UnsupportedProtocol',
  // Its own, of CA bundles and client certificates, which a Backend may refer to.
  'InvalidCACertificateRef',
  'InvalidClientCertificateRef',
  // Of everything else: Secrets, ConfigMaps, GatewayPolicies.
  'RefNotFound',
]);

export function isReference({ reason }: Problem): boolean {
  return reasons.has(reason);
}
