/** Control-plane half of request mirroring. */
import type { BackendObjectReference } from '../../api/gatewayapi.ts';
import type { HTTPRequestMirrorFilter } from '../../api/httproute.ts';
import type { Problem } from '../../status/problem.ts';
import type { MirrorConfig } from './schema.ts';

/** Where a mirror goes: an id in `Ir.clusters`, or why the reference does not resolve. */
export type ResolveMirror = (backendRef: BackendObjectReference, path: string) => string | Problem;

export interface MirrorTranslation {
  readonly config: MirrorConfig;
  /**
   * HTTPRequestMirrorFilter.backendRef: "If the referent cannot be found, this BackendRef is invalid and must be dropped from the
   * Gateway." The rule itself goes on.
   */
  readonly unresolved: readonly Problem[];
}

/** @param path where `spec` stands in its object, for messages */
export function translateMirror(
  spec: HTTPRequestMirrorFilter,
  path: string,
  resolve: ResolveMirror,
): MirrorTranslation {
  const cluster = resolve(spec.backendRef, `${path}.backendRef`);
  if (typeof cluster !== 'string') return { config: { mirrors: [] }, unresolved: [cluster] };
  const { numerator, denominator } = spec.fraction ?? { numerator: spec.percent ?? 100, denominator: 100 };
  return { config: { mirrors: numerator > 0 ? [{ cluster, numerator, denominator }] : [] }, unresolved: [] };
}
