/** One YAML document → plain JSON with the place of every field, read as the API server reads it. Used by `manifest.ts`. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { findNode } from './place.ts';
import { resolveScalar } from './scalar.ts';

/** Something that makes a document unreadable. Lines are 1-based within the text that was parsed. */
export interface Mistake {
  readonly line: number;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

export interface Parsed {
  /** Plain JSON; meaningless if there are mistakes. `null` for an empty document. */
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** Line of the field at `path` (`spec.rules[0].name`), or of its nearest ancestor that is written down. */
  lineOf(path: string): number;
}

const MAX_DEPTH = 100;
/** Values that aliases may add to one document: a bomb doubles with every line, honest manifests repeat a few blocks. */
const MAX_COPIED = 20_000;

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'line it up with its siblings, and close every [ and {',
  MISSING_CHAR: 'close the quote or bracket',
  BLOCK_AS_IMPLICIT_KEY: 'quote values that contain ": "',
  MULTILINE_IMPLICIT_KEY: 'write the key on one line, followed by ": "',
  UNEXPECTED_TOKEN: 'check the indentation of this line and the one before',
};

/** Parses text that holds at most a few documents. Never throws: syntax errors are mistakes. */
export function parseYaml(text: string): Parsed[] {
  const lines = new LineCounter();
  // Failsafe leaves every scalar as written, for `resolveScalar`. The library's uniqueKeys is quadratic; ours is not.
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter: lines,
  });
  return [...documents].map((document) => convertDocument(document, lines, text.trimEnd().length));
}

/** `end`: where the text stops; a bracket left open is an error there, not on the blank lines behind. */
function convertDocument(document: Document.Parsed, lines: LineCounter, end: number): Parsed {
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const [error] = document.errors;
  if (error !== undefined) {
    const tooDeep = error.code === 'RESOURCE_EXHAUSTION';
    const mistake = {
      line: lineAt(Math.min(error.pos[0], Math.max(0, end - 1))),
      path: '',
      message: tooDeep ? `nested deeper than ${MAX_DEPTH} levels` : `not valid YAML: ${lowerFirst(error.message)}`,
      hint: tooDeep ? 'flatten it' : (HINTS[error.code] ?? 'correct the syntax'),
    };
    return { value: null, mistakes: [mistake], lineOf: () => mistake.line };
  }
  const conversion = new Conversion(lineAt);
  const value = conversion.convert(document.contents, '', 0);
  return {
    value,
    mistakes: conversion.mistakes,
    lineOf: (path) => lineAt(findNode(document.contents, path)?.range?.[0] ?? document.contents?.range?.[0] ?? 0),
  };
}

/** One walk over one document. */
class Conversion {
  readonly mistakes: Mistake[] = [];
  private readonly anchors = new Map<string, unknown>();
  /** Anchored nodes being converted right now: an alias to one of them would never end. */
  private readonly open = new Set<unknown>();
  private readonly lineAt: (offset: number) => number;
  private aliasDepth = 0;
  /** The outermost alias that is being expanded: where mistakes in what it brings are shown. */
  private alias: unknown;
  private copied = 0;

  constructor(lineAt: (offset: number) => number) {
    this.lineAt = lineAt;
  }

  convert(node: unknown, path: string, depth: number): unknown {
    if (node === null || node === undefined) return null;
    if (depth > MAX_DEPTH) return this.refuse(node, path, `nested deeper than ${MAX_DEPTH} levels`, 'flatten it');
    if (this.aliasDepth > 0 && ++this.copied > MAX_COPIED) {
      if (this.copied === MAX_COPIED + 1) {
        this.refuse(node, path, `aliases expand to more than ${MAX_COPIED} values`, 'write the values out');
      }
      return null;
    }
    if (isAlias(node)) return this.convertAlias(node, path, depth);
    const anchor = anchorOf(node);
    if (anchor === undefined) return this.convertContent(node, path, depth);
    this.anchors.set(anchor, node);
    this.open.add(node);
    const value = this.convertContent(node, path, depth);
    this.open.delete(node);
    return value;
  }

  private convertContent(node: unknown, path: string, depth: number): unknown {
    if (isMap(node)) return this.convertMap(node.items, path, depth);
    if (isSeq(node)) return node.items.map((item, index) => this.convert(item, `${path}[${index}]`, depth + 1));
    return this.convertScalar(node, path);
  }

  private convertAlias(node: { readonly source: string }, path: string, depth: number): unknown {
    const target = this.anchors.get(node.source);
    if (target === undefined) {
      return this.refuse(node, path, `alias *${node.source} has no anchor`, `write &${node.source} at a value above`);
    }
    if (this.open.has(target)) {
      return this.refuse(node, path, `alias *${node.source} contains itself`, 'write the value out');
    }
    if (this.aliasDepth++ === 0) this.alias = node;
    const value = this.convertContent(target, path, depth + 1);
    this.aliasDepth--;
    return value;
  }

  private convertMap(items: readonly { key: unknown; value: unknown }[], path: string, depth: number): unknown {
    const result: Record<string, unknown> = {};
    const merges: unknown[] = [];
    const seen = new Set<string>();
    for (const { key, value } of items) {
      if (isScalar(key) && key.type === 'PLAIN' && key.value === '<<') {
        merges.push(value);
        continue;
      }
      const name = this.keyName(key, path);
      if (name === undefined) continue;
      const fieldPath = joinPath(path, name);
      if (seen.has(name)) this.refuse(key, fieldPath, `key "${name}" is written twice`, 'keep one of the two');
      seen.add(name);
      result[name] = this.convert(value, fieldPath, depth + 1);
    }
    for (const merge of merges) this.merge(result, merge, path, depth);
    return result;
  }

  /** Explicit keys win over merged ones, an earlier merge over a later one. */
  private merge(result: Record<string, unknown>, node: unknown, path: string, depth: number): void {
    const value = this.convert(node, path, depth + 1);
    for (const source of Array.isArray(value) ? value : [value]) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        this.refuse(node, path, 'the value of << is no map', 'write << with an alias of a map');
        return;
      }
      for (const [name, field] of Object.entries(source)) if (!Object.hasOwn(result, name)) result[name] = field;
    }
  }

  /** JSON keys are strings: `y: 1` gives the key `true`, as in the API server. */
  private keyName(key: unknown, path: string): string | undefined {
    const value = this.convert(key, path, MAX_DEPTH - 1);
    if (value === null || typeof value === 'object') {
      this.refuse(key, path, 'a key must be a plain word', 'write `name: value`');
      return undefined;
    }
    const name = typeof value === 'string' ? value : JSON.stringify(value);
    if (name === '__proto__') {
      this.refuse(key, path, 'the key __proto__ is refused', 'choose another name');
      return undefined;
    }
    return name;
  }

  private convertScalar(node: unknown, path: string): unknown {
    if (!isScalar(node)) return this.refuse(node, path, 'this is no map, list or value', 'write plain YAML');
    const text = typeof node.value === 'string' ? node.value : '';
    const tag = (node.tag ?? '').replace('tag:yaml.org,2002:', '!!');
    const plain = node.type === 'PLAIN' && tag !== '!!str' && tag !== '!!timestamp';
    if (tag !== '' && !/^!!(?:str|int|float|bool|null|timestamp)$/.test(tag)) {
      return this.refuse(node, path, `tag ${tag} is not supported`, 'write the value without a tag');
    }
    if (!plain && (tag === '' || tag === '!!str' || tag === '!!timestamp')) return text;
    const scalar = resolveScalar(text);
    if ('refused' in scalar) return this.refuse(node, path, scalar.refused, 'write a finite number or quote it');
    if (tag !== '' && tag !== tagOf(scalar.value)) {
      if (!(tag === '!!float' && typeof scalar.value === 'number')) {
        return this.refuse(node, path, `the value is no ${tag}`, 'correct the value or leave out the tag');
      }
    }
    return scalar.value;
  }

  private refuse(node: unknown, path: string, message: string, hint: string): null {
    const shown = this.aliasDepth > 0 ? this.alias : node;
    const range = (shown as { range?: readonly number[] | null } | null)?.range;
    this.mistakes.push({ line: this.lineAt(range?.[0] ?? 0), path, message, hint });
    return null;
  }
}

function tagOf(value: string | number | boolean | null): string {
  if (value === null) return '!!null';
  if (typeof value === 'number') return Number.isInteger(value) ? '!!int' : '!!float';
  return typeof value === 'boolean' ? '!!bool' : '!!str';
}

function anchorOf(node: unknown): string | undefined {
  return (node as { anchor?: string }).anchor;
}

/** `a.b`, or `a["b.c"]` where the key is no plain word. */
function joinPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
