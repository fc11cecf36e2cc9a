/** Finds the node that a field path names, for line numbers in problems. Used by `yaml.ts`. */
import { isMap, isScalar, isSeq, type Range } from 'yaml';
import { resolveScalar } from './scalar.ts';

interface Placed {
  readonly range?: Range | null | undefined;
}

/**
 * The key or list item at `path` (`spec.rules[0].matches[1]`, `metadata.annotations[example.com/a.b]`), or its deepest ancestor
 * that exists: a missing required field is shown where it should have been. Fields that came by an alias are shown at the alias.
 */
export function findNode(root: unknown, path: string): Placed | undefined {
  let node = root;
  let place = root as Placed | undefined;
  let rest = path;
  while (rest !== '') {
    const step = stepInto(node, rest);
    if (step === undefined) break;
    ({ node, place, rest } = step);
  }
  return place ?? undefined;
}

function stepInto(node: unknown, path: string): { node: unknown; place: Placed; rest: string } | undefined {
  if (isSeq(node)) {
    const match = /^\[(\d+)\]\.?/.exec(path);
    const item = match === null ? undefined : node.items[Number(match[1])];
    if (match === null || item === undefined || item === null) return undefined;
    return { node: item, place: item, rest: path.slice(match[0].length) };
  }
  if (!isMap(node)) return undefined;
  // Keys may hold dots and be written with or without brackets: the longest key that fits wins.
  let best: { node: unknown; place: Placed; rest: string } | undefined;
  for (const { key, value } of node.items) {
    if (!isScalar(key)) continue;
    const rest = after(path, keyText(String(key.value), key.type === 'PLAIN'));
    if (rest !== undefined && (best === undefined || rest.length < best.rest.length)) {
      best = { node: value, place: key, rest };
    }
  }
  return best;
}

function keyText(text: string, plain: boolean): string {
  const scalar = plain ? resolveScalar(text) : { value: text };
  return 'value' in scalar ? String(scalar.value) : text;
}

/** What is left of `path` behind `key`, or undefined if it does not start with it. */
function after(path: string, key: string): string | undefined {
  for (const written of [key, `[${key}]`, `["${key}"]`, `['${key}']`]) {
    if (!path.startsWith(written)) continue;
    const rest = path.slice(written.length);
    if (rest === '' || rest.startsWith('[')) return rest;
    if (rest.startsWith('.')) return rest.slice(1);
  }
  return undefined;
}
