/** Changes to JSON: merge patch, remove, set. Every object that is changed has no prototype (CWE-1321), so every name is data. */
import { copyJson, isJsonObject as isObject } from '../json.ts';
import type { BodyTransformConfig, Pointer } from './schema.ts';

type JsonObject = Record<string, unknown>;

export interface JsonChange extends Pick<BodyTransformConfig, 'mergePatch' | 'remove'> {
  /** `undefined`: nothing may be there. */
  readonly set: readonly { readonly path: Pointer; readonly value: unknown }[];
}

/** @returns the changed value, or undefined if it cannot hold what is to be set */
export function changeJson(value: unknown, { mergePatch, remove, set }: JsonChange): unknown {
  let result = mergePatch === null ? value : mergePatched(value, mergePatch);
  for (const path of remove) removeAt(result, path);
  for (const { path, value: next } of set) {
    if (next === undefined) removeAt(result, path);
    else result = setAt(result, path, 0, next);
    if (result === undefined) return undefined;
  }
  return result;
}

/** RFC 7396 2: MergePatch(Target, Patch). */
function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return copyJson(patch);
  // "Ignore the contents and set it to an empty Object."
  const result = isObject(target) ? target : empty();
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatched(result[name], value);
  }
  return result;
}

function removeAt(value: unknown, path: Pointer): void {
  const parent = path.slice(0, -1).reduce<unknown>(childOf, value);
  const name = path.at(-1)!;
  if (Array.isArray(parent)) {
    const index = indexOf(name, parent);
    if (index >= 0) parent.splice(index, 1);
  } else if (isObject(parent)) delete parent[name];
}

/** @returns the value that stands at `depth` now; undefined if a list has no such element */
function setAt(value: unknown, path: Pointer, depth: number, next: unknown): unknown {
  // A copy: what an expression gives may be part of the identity, or of this very body.
  if (depth === path.length) return copyJson(next);
  const name = path[depth]!;
  if (Array.isArray(value)) {
    const index = indexOf(name, value);
    const child = index < 0 ? undefined : setAt(value[index], path, depth + 1, next);
    if (child === undefined) return undefined;
    value[index] = child;
    return value;
  }
  // What is in the way is replaced: what is set must be there, whatever was sent.
  const object = isObject(value) ? value : empty();
  const child = setAt(object[name], path, depth + 1, next);
  if (child === undefined) return undefined;
  object[name] = child;
  return object;
}

function childOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value[indexOf(name, value)];
  return isObject(value) ? value[name] : undefined;
}

// RFC 6901 4: "characters that represent an unsigned base-10 integer value … MUST NOT begin with leading zeros".
function indexOf(name: string, list: readonly unknown[]): number {
  return /^(?:0|[1-9][0-9]{0,8})$/.test(name) && Number(name) < list.length ? Number(name) : -1;
}

function empty(): JsonObject {
  return Object.create(null) as JsonObject;
}
