/** The matches of one hostname by path. A look-up costs the depth of the path, not the number of routes. */
import { type CompiledMatch, firstFit, fitsPath, misfit, trimSlash } from './match.ts';
import { compareMatches } from './precedence.ts';
import type { MatchInput } from './table.ts';

/** One segment of prefixes: `/a/b` is two nodes below the root, which is `/`. */
interface Node {
  readonly parent: Node | null;
  children: Map<string, Node> | null;
  matches: CompiledMatch[] | null;
}

/** Immutable after construction. */
export class PathIndex {
  readonly #exact = new Map<string, CompiledMatch[]>();
  readonly #patterns: CompiledMatch[] = [];
  readonly #root: Node = { parent: null, children: null, matches: null };

  constructor(matches: Iterable<CompiledMatch>) {
    const lists = new Set<CompiledMatch[]>();
    for (const match of matches) {
      const list = this.#listFor(match);
      list.push(match);
      if (list.length > 1) lists.add(list);
    }
    for (const list of lists) list.sort(compareMatches);
  }

  /** The match that wins; null if none fits. */
  find(request: MatchInput): CompiledMatch | null {
    const { path } = request;
    const exact = this.#exact.get(path);
    if (exact !== undefined) {
      const found = firstFit(exact, request);
      if (found !== null) return found;
    }
    for (let i = 0; i < this.#patterns.length; i++) {
      const match = this.#patterns[i]!;
      // The cheap conditions first: a pattern costs microseconds.
      if (misfit(match, request) === null && fitsPath(match, path)) return match;
    }
    for (let node: Node | null = this.#deepest(path); node !== null; node = node.parent) {
      if (node.matches === null) continue;
      const found = firstFit(node.matches, request);
      if (found !== null) return found;
    }
    return null;
  }

  #deepest(path: string): Node {
    let node = this.#root;
    let start = 1;
    while (node.children !== null && start <= path.length) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      const child = node.children.get(path.slice(start, end));
      if (child === undefined) break;
      node = child;
      start = end + 1;
    }
    return node;
  }

  #listFor({ path }: CompiledMatch): CompiledMatch[] {
    if (path.kind === 'RegularExpression') return this.#patterns;
    if (path.kind === 'PathPrefix') return (this.#nodeFor(trimSlash(path.value)).matches ??= []);
    let list = this.#exact.get(path.value);
    if (list === undefined) this.#exact.set(path.value, (list = []));
    return list;
  }

  #nodeFor(prefix: string): Node {
    let node = this.#root;
    if (prefix === '') return node;
    for (const segment of prefix.slice(1).split('/')) {
      node.children ??= new Map();
      let child = node.children.get(segment);
      if (child === undefined) node.children.set(segment, (child = { parent: node, children: null, matches: null }));
      node = child;
    }
    return node;
  }
}
