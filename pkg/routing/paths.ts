/** The matches of one hostname by path. A look-up costs the depth of the path, and a change the paths it touches, not the number of routes. */
import { type CompiledMatch, firstFit, fitsPath, misfit, trimSlash } from './match.ts';
import { compareMatches } from './precedence.ts';
import type { MatchInput } from './table.ts';

/** One segment of prefixes: `/a/b` is two nodes below the root, which is `/`. */
interface Node {
  children: Map<string, Node> | null;
  matches: CompiledMatch[] | null;
}

/** Immutable; `with` makes a changed one that shares the rest. Every list is sorted by precedence. */
export class PathIndex {
  readonly #exact: ReadonlyMap<string, CompiledMatch[]>;
  readonly #patterns: readonly CompiledMatch[];
  readonly #root: Node;

  private constructor(exact: ReadonlyMap<string, CompiledMatch[]>, patterns: readonly CompiledMatch[], root: Node) {
    this.#exact = exact;
    this.#patterns = patterns;
    this.#root = root;
  }

  static of(matches: readonly CompiledMatch[]): PathIndex {
    return new PathIndex(new Map(), [], { children: null, matches: null }).with([], matches);
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
    return findPrefix(this.#root, path, 1, request);
  }

  /** @param removed the same instances as were added */
  with(removed: readonly CompiledMatch[], added: readonly CompiledMatch[]): PathIndex {
    const draft = new Draft(this.#exact, this.#patterns, this.#root);
    for (const match of removed) draft.remove(match);
    for (const match of added) draft.add(match);
    draft.sort();
    return new PathIndex(draft.exact, draft.patterns, draft.root);
  }
}

/** The longest prefix first: deeper nodes are asked before their parents. */
function findPrefix(node: Node, path: string, start: number, request: MatchInput): CompiledMatch | null {
  if (node.children !== null && start <= path.length) {
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    const child = node.children.get(path.slice(start, end));
    if (child !== undefined) {
      const found = findPrefix(child, path, end + 1, request);
      if (found !== null) return found;
    }
  }
  return node.matches === null ? null : firstFit(node.matches, request);
}

/** A new index in the making: copies what it touches, once. */
class Draft {
  exact: Map<string, CompiledMatch[]>;
  patterns: CompiledMatch[];
  root: Node;
  readonly #own = new Set<object>();
  readonly #unsorted = new Set<CompiledMatch[]>();

  constructor(exact: ReadonlyMap<string, CompiledMatch[]>, patterns: readonly CompiledMatch[], root: Node) {
    this.exact = new Map(exact);
    this.patterns = [...patterns];
    this.root = this.#ownNode(root);
  }

  add(match: CompiledMatch): void {
    const list = this.#listFor(match);
    if (list.push(match) > 1) this.#unsorted.add(list);
  }

  remove(match: CompiledMatch): void {
    const list = this.#listFor(match);
    const index = list.indexOf(match);
    if (index >= 0) list.splice(index, 1);
    // An empty exact list goes; an empty node stays, which costs a little memory until the next full build.
    if (list.length === 0 && match.path.kind === 'Exact') this.exact.delete(match.path.value);
  }

  sort(): void {
    for (const list of this.#unsorted) list.sort(compareMatches);
  }

  #listFor({ path }: CompiledMatch): CompiledMatch[] {
    if (path.kind === 'RegularExpression') return this.patterns;
    if (path.kind === 'PathPrefix') {
      const node = this.#nodeFor(trimSlash(path.value));
      return (node.matches = this.#ownList(node.matches));
    }
    const list = this.#ownList(this.exact.get(path.value) ?? null);
    this.exact.set(path.value, list);
    return list;
  }

  #nodeFor(prefix: string): Node {
    let node = this.root;
    if (prefix === '') return node;
    for (const segment of prefix.slice(1).split('/')) {
      node.children ??= new Map();
      const child = this.#ownNode(node.children.get(segment) ?? { children: null, matches: null });
      node.children.set(segment, child);
      node = child;
    }
    return node;
  }

  #ownNode(node: Node): Node {
    if (this.#own.has(node)) return node;
    const copy = { children: node.children === null ? null : new Map(node.children), matches: node.matches };
    this.#own.add(copy);
    return copy;
  }

  #ownList(list: CompiledMatch[] | null): CompiledMatch[] {
    if (list !== null && this.#own.has(list)) return list;
    const copy = list === null ? [] : [...list];
    this.#own.add(copy);
    return copy;
  }
}
