/** The text of one file → the objects it claims and everything wrong with it. Pure; used by `directory.ts`. */
import { isKind, KINDS } from '../api/kinds.ts';
import { type KubeObject, objectId } from '../api/object.ts';
import type { SourceProblem } from './source.ts';
import { type Parsed, parseYaml } from './yaml.ts';

/** What validation says about one document; `ignored` names why a foreign kind is left alone. */
export type Validated =
  | { readonly object: KubeObject }
  | {
      readonly problems: readonly { readonly path: string; readonly message: string; readonly hint: string }[];
      /** What takes its place where no former version of it does. */
      readonly standIn?: KubeObject;
    }
  | { readonly ignored: string };
export type Validate = (raw: unknown) => Validated;

/** One object as one document states it. */
export interface Claim {
  /** `Kind/namespace/name`. */
  readonly id: string;
  readonly object: KubeObject;
  /** 1-based, within the document's text. */
  readonly line: number;
  /** Path of the object within its document: `''`, or `items[3]` in a List. */
  readonly root: string;
  /** The document is not valid: the object counts only where nobody states a valid one, now or before. */
  readonly standsIn: boolean;
}

/** A problem whose line counts from the document's first line, and which does not know its file yet. */
export type Finding = Omit<SourceProblem, 'file'>;

/** What one document says; kept and reused for as long as its text stays the same. */
export interface Content {
  readonly text: string;
  readonly claims: readonly Claim[];
  readonly problems: readonly Finding[];
  /** Kinds that are not ours: told once, wrong in nothing. */
  readonly notes: readonly Finding[];
}

export interface Manifest {
  readonly documents: readonly {
    /** Lines before the document. */ readonly offset: number;
    readonly content: Content;
  }[];
  /** False if anything in it could not be read: then nothing that it used to claim may go away. */
  readonly whole: boolean;
}

const EMPTY: Manifest = { documents: [], whole: true };

/** A file that is not there. */
export function noManifest(): Manifest {
  return EMPTY;
}

/** A file that is there, but cannot be read: it keeps what it had. */
export function refusedManifest(message: string, hint: string): Manifest {
  const problems = [{ line: 0, object: '', path: '', message, hint }];
  return { documents: [{ offset: 0, content: { text: '', claims: [], problems, notes: [] } }], whole: false };
}

/** Reads all documents; those whose text is the same as in `former` keep their very objects. */
export function readManifest(text: string, validate: Validate, former: Manifest = EMPTY): Manifest {
  const known = new Map(former.documents.map(({ content }) => [content.text, content]));
  const documents = splitDocuments(text).map((part) => ({
    offset: part.offset,
    content: known.get(part.text) ?? readDocument(part.text, validate),
  }));
  return { documents, whole: documents.every(({ content }) => content.problems.length === 0) };
}

/** Line of a field of a claimed object, 1-based within its file. */
export function lineOfField(offset: number, content: Content, claim: Claim, path: string): number {
  const full = claim.root === '' || path === '' ? claim.root + path : `${claim.root}.${path}`;
  const parsed = parseYaml(content.text).find((document) => document.lineOf(claim.root) === claim.line);
  return offset + (parsed?.lineOf(full) ?? claim.line);
}

/** At lines that start with `---`, as `kubectl` does: one broken document then never swallows the next. */
function splitDocuments(text: string): { offset: number; text: string }[] {
  const clean = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const parts: { offset: number; text: string }[] = [];
  let offset = 0;
  for (const part of clean.split(/^(?=---(?:\s|$))/m)) {
    if (hasContent(part)) parts.push({ offset, text: part });
    for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) offset++;
  }
  return parts;
}

/** False for comments, directives, separators and blank lines alone. */
function hasContent(part: string): boolean {
  return part.split('\n').some((line) => !/^\s*(?:[#%].*|---(?:\s+#.*)?|\.\.\.)?\s*$/.test(line));
}

function readDocument(text: string, validate: Validate): Content {
  const claims: Claim[] = [];
  const problems: Finding[] = [];
  const notes: Finding[] = [];
  for (const parsed of parseYaml(text)) {
    for (const mistake of parsed.mistakes) problems.push({ ...mistake, object: nameOf(parsed.value) });
    if (parsed.mistakes.length > 0 || parsed.value === null) continue;
    for (const { raw, root } of expandList(parsed.value)) {
      const result = validate(raw);
      const line = parsed.lineOf(root);
      if ('ignored' in result) {
        notes.push({ line, object: nameOf(raw), path: '', message: result.ignored, hint: '' });
        continue;
      }
      const standsIn = 'problems' in result;
      if (standsIn) for (const problem of result.problems) problems.push(place(problem, parsed, raw, root));
      const object = standsIn ? result.standIn : result.object;
      if (object !== undefined)
        claims.push({ id: objectId({ kind: object.kind, ...identity(object) }), object, line, root, standsIn });
    }
  }
  return { text, claims, problems, notes };
}

function place(
  problem: { readonly path: string; readonly message: string; readonly hint: string },
  parsed: Parsed,
  raw: unknown,
  root: string,
): Finding {
  const full = root === '' || problem.path === '' ? root + problem.path : `${root}.${problem.path}`;
  return { line: parsed.lineOf(full), object: nameOf(raw), ...problem };
}

/** `kind: List` and typed lists (`HTTPRouteList`), as `kubectl get -o yaml` prints them; lists do not nest. */
function expandList(value: unknown): { raw: unknown; root: string }[] {
  const { kind, items } = (typeof value === 'object' && value !== null ? value : {}) as {
    kind?: unknown;
    items?: unknown;
  };
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ raw: value, root: '' }];
  return items.map((raw: unknown, index) => ({ raw, root: `items[${index}]` }));
}

function identity(object: KubeObject): { namespace: string; name: string } {
  return { namespace: object.metadata.namespace, name: object.metadata.name };
}

/** `Kind/namespace/name` as far as an unchecked document tells it. */
function nameOf(raw: unknown): string {
  if (typeof raw !== 'object' || raw === null) return '';
  const { kind, metadata } = raw as { kind?: unknown; metadata?: { namespace?: unknown; name?: unknown } | null };
  // The namespace that an API server would have put it into: the same object has one name in all messages.
  const namespaced = typeof kind === 'string' && isKind(kind) && KINDS[kind].namespaced && metadata?.name !== undefined;
  return [kind, metadata?.namespace ?? (namespaced ? 'default' : ''), metadata?.name]
    .filter((part) => typeof part === 'string' && part !== '')
    .join('/');
}
