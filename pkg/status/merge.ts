/** Our status put into the one that stands at the API server, where other controllers write too. Pure; used by `writer.ts`. */
import { canonical, isMap } from './canonical.ts';

type Json = Readonly<Record<string, unknown>>;

/** Lists of which each entry belongs to one controller. */
const SHARED = ['parents', 'ancestors'] as const;

/** Of an object's own conditions, those that we write: one that is ours and no longer holds is taken away. */
const OURS: ReadonlySet<unknown> = new Set([
  'Accepted',
  'Programmed',
  'ResolvedRefs',
  'Ready',
  'SupportedVersion',
  'InsecureFrontendValidationMode',
]);

export interface Merge {
  /** What is to stand at the API server, without the fields that we do not write. */
  readonly status: Json;
  /** "JSON Merge Patch" (RFC 7386) that makes it so. */
  readonly patch: Json;
}

/**
 * Undefined if it already stands there.
 * - `parents`, `ancestors`: entries of other controllers stay, in front of ours;
 * - `conditions`: those of types that we do not write stay;
 * - all else is left alone where it is not in ours, except in kinds of our own.
 * @param ours with times
 * @param controller our `controllerName`
 */
export function mergeStatus(standing: Json | undefined, ours: Json, controller: string): Merge | undefined {
  const status: Record<string, unknown> = { ...ours };
  for (const name of SHARED) {
    const others = listOf(standing?.[name]).filter((entry) => entry['controllerName'] !== controller);
    if (ours[name] !== undefined || others.length > 0) status[name] = [...others, ...listOf(ours[name])];
  }
  if (Array.isArray(ours['conditions'])) {
    const types = new Set(listOf(ours['conditions']).map(({ type }) => type));
    const others = listOf(standing?.['conditions']).filter(({ type }) => !types.has(type) && !OURS.has(type));
    status['conditions'] = [...others, ...listOf(ours['conditions'])];
  }
  // Kinds of our own: nobody else writes there, so what we do not say any more goes.
  if ('observedGeneration' in ours) for (const name of Object.keys(standing ?? {})) status[name] ??= undefined;
  const changed = Object.keys(status).filter((name) => textOf(status[name]) !== textOf(standing?.[name]));
  if (changed.length === 0) return undefined;
  return {
    status,
    patch: Object.fromEntries(changed.map((name) => [name, patchOf(standing?.[name], status[name] ?? null)])),
  };
}

/** In a merge patch only null takes a field away. */
function patchOf(from: unknown, to: unknown): unknown {
  if (!isMap(to) || !isMap(from)) return to;
  const removed = Object.keys(from).filter((name) => to[name] === undefined);
  return {
    ...Object.fromEntries(removed.map((name) => [name, null])),
    ...Object.fromEntries(Object.entries(to).map(([name, value]) => [name, patchOf(from[name], value)])),
  };
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** Nothing, an empty list and an empty map say the same. */
function textOf(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '';
  return isMap(value) && Object.keys(value).length === 0 ? '' : canonical(value);
}
