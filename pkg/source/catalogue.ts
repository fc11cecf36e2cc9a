/**
 * Who claims which object: manifests of all files in, changes and problems out. Used by `directory.ts`, knows no file system.
 *
 * The first file by path wins an object that several claim. What a file no longer states stays for a while: for ever while the
 * file cannot be read as a whole (a broken edit changes nothing that works), else for `vanishDelay` (editors replace files by
 * renaming, and half-written files end early), much longer while the file is there and empty (most likely it is being written).
 */
import { type KubeObject, objectId, refOf } from '../api/object.ts';
import { type Claim, type Content, lineOfField, type Manifest, noManifest } from './manifest.ts';
import { namespaceObject, namespacesOf } from './namespaces.ts';
import { Registry } from './registry.ts';
import type { Change, SourceProblem } from './source.ts';

interface Entry {
  readonly manifest: Manifest;
  /** What the file states now. */
  readonly stated: ReadonlyMap<string, readonly Holding[]>;
  /** Claims that the file made before and does not make now, with the time (ms) at which they end. */
  readonly kept: Map<string, Holding>;
}

interface Holding {
  readonly claim: Claim;
  readonly content: Content;
  readonly offset: number;
  readonly until: number;
}

interface Place extends Holding {
  readonly file: string;
}

const FOREVER = Number.POSITIVE_INFINITY;
/** Times the vanish delay: a writer in place (`>`) truncates first, and on a busy machine its bytes may follow a tenth of a second later. */
const EMPTY_FACTOR = 16;

export class Catalogue {
  private readonly vanishDelay: number;
  private readonly entries = new Map<string, Entry>();
  private readonly claimants = new Map<string, Set<string>>();
  private readonly touched = new Set<string>();
  private readonly duplicates = new Map<string, readonly SourceProblem[]>();
  private readonly troubled = new Set<string>();
  private readonly noting = new Set<string>();
  private readonly expiring = new Set<string>();
  private readonly registry = new Registry();

  /** `vanishDelay` in ms. */
  constructor(vanishDelay: number) {
    this.vanishDelay = vanishDelay;
  }

  get files(): readonly string[] {
    return [...this.entries.keys()];
  }

  manifestOf(file: string): Manifest | undefined {
    return this.entries.get(file)?.manifest;
  }

  /** `manifest` undefined: the file is gone. `now` in ms, on the clock that `expire` gets. */
  update(file: string, manifest: Manifest | undefined, now: number): void {
    const former = this.entries.get(file);
    const next = manifest ?? noManifest();
    const stated = holdingsOf(next);
    const emptied = manifest !== undefined && stated.size === 0;
    const end = now + this.vanishDelay * (emptied ? EMPTY_FACTOR : 1);
    const kept = new Map<string, Holding>();
    const keep = (holding: Holding) => {
      const { id } = holding.claim;
      this.touched.add(id);
      const now = stated.get(id);
      if (now !== undefined && (holding.claim.standsIn || now.some(({ claim }) => !claim.standsIn))) return;
      kept.set(id, { ...holding, until: next.whole ? Math.min(holding.until, end) : FOREVER });
    };
    for (const holding of former?.kept.values() ?? []) keep(holding);
    for (const [first] of former?.stated.values() ?? []) if (first !== undefined) keep(first);
    for (const id of stated.keys()) {
      this.touched.add(id);
      const files = this.claimants.get(id) ?? new Set();
      this.claimants.set(id, files.add(file));
    }
    this.entries.set(file, { manifest: next, stated, kept });
    setMembership(this.expiring, file, kept.size > 0 || manifest === undefined);
    setMembership(this.troubled, file, !next.whole);
    setMembership(
      this.noting,
      file,
      next.documents.some(({ content }) => content.notes.length > 0),
    );
  }

  /** Ends what vanished long enough ago. Returns the time of the next end, or undefined. */
  expire(now: number): number | undefined {
    let next: number | undefined;
    for (const file of this.expiring) {
      const entry = this.entries.get(file);
      if (entry === undefined) continue;
      for (const [id, { until }] of entry.kept) {
        if (until <= now) {
          entry.kept.delete(id);
          this.touched.add(id);
          this.claimants.get(id)?.delete(file);
        } else if (until !== FOREVER) next = Math.min(next ?? until, until);
      }
      if (entry.kept.size > 0) continue;
      this.expiring.delete(file);
      if (entry.manifest.documents.length === 0) this.entries.delete(file);
    }
    return next;
  }

  /** What changed since the last call, as one batch. */
  takeChanges(): Change[] {
    const changes: Change[] = [];
    const namespaces = new Set<string>();
    for (const id of this.touched) {
      const places = this.placesOf(id);
      this.noteDuplicates(id, places);
      const winner = places[0]?.claim.object;
      if (winner === undefined) this.claimants.delete(id);
      if (winner?.kind === 'Namespace' || (winner === undefined && id.startsWith('Namespace/'))) {
        namespaces.add(id.slice('Namespace/'.length));
        continue;
      }
      this.change(id, winner, changes);
      for (const namespace of namespacesOf(id)) namespaces.add(namespace);
    }
    this.touched.clear();
    for (const name of namespaces) {
      const id = `Namespace/${name}`;
      const stated = this.placesOf(id)[0]?.claim.object;
      const wanted = stated !== undefined || this.registry.usersOf(name) > 0;
      this.change(id, wanted ? namespaceObject(name, stated) : undefined, changes);
    }
    return changes;
  }

  /** Every problem that stands, by file and line. */
  problems(): SourceProblem[] {
    const found = this.findings((content) => content.problems, [...this.troubled]);
    for (const duplicates of this.duplicates.values()) found.push(...duplicates);
    return found.sort((a, b) => compare(a.file, b.file) || a.line - b.line);
  }

  /** Documents of foreign kinds: ignored, and worth one line each. */
  notes(): SourceProblem[] {
    return this.findings((content) => content.notes, [...this.noting]);
  }

  /** Where an object, or a field of it, is written. */
  placeOf(id: string, path: string): { readonly file: string; readonly line: number } | undefined {
    const place = this.placesOf(id)[0];
    if (place === undefined) return undefined;
    return { file: place.file, line: lineOfField(place.offset, place.content, place.claim, path) };
  }

  private change(id: string, object: KubeObject | undefined, changes: Change[]): void {
    if (object !== undefined) {
      const served = this.registry.put(id, object);
      if (served !== undefined) changes.push({ kind: 'upsert', object: served });
      return;
    }
    const removed = this.registry.remove(id);
    if (removed !== undefined) changes.push({ kind: 'remove', ref: refOf(removed) });
  }

  /** Best first: what is stated now before what is only kept, and what stands in for something invalid last; then by path, then by place in the file. */
  private placesOf(id: string): Place[] {
    const places: Place[] = [];
    for (const file of this.claimants.get(id) ?? []) {
      const entry = this.entries.get(file);
      if (entry === undefined) continue;
      const kept = entry.kept.get(id);
      for (const holding of kept === undefined ? (entry.stated.get(id) ?? []) : [kept])
        places.push({ ...holding, file });
    }
    if (places.length < 2) return places;
    const order = ({ file, claim }: Place) =>
      claim.standsIn ? 2 : this.entries.get(file)?.kept.has(id) === true ? 1 : 0;
    return places.sort((a, b) => order(a) - order(b) || compare(a.file, b.file));
  }

  private noteDuplicates(id: string, places: readonly Place[]): void {
    const [winner, ...losers] = places.filter(({ file }) => this.entries.get(file)?.kept.has(id) !== true);
    if (winner === undefined || losers.length === 0) {
      this.duplicates.delete(id);
      return;
    }
    const at = `${winner.file}:${winner.offset + winner.claim.line}`;
    const problems = losers.map(({ file, offset, claim }) => ({
      file,
      line: offset + claim.line,
      object: objectId(refOf(claim.object)),
      path: 'metadata.name',
      message: `defined twice: ${at} comes first and wins, this one is ignored`,
      hint: 'delete or rename one of the two',
    }));
    this.duplicates.set(id, problems);
  }

  private findings(pick: (content: Content) => Content['problems'], files: readonly string[]): SourceProblem[] {
    return files.flatMap((file) =>
      (this.entries.get(file)?.manifest.documents ?? []).flatMap(({ offset, content }) =>
        pick(content).map((finding) => ({ ...finding, file, line: finding.line === 0 ? 0 : offset + finding.line })),
      ),
    );
  }
}

function holdingsOf(manifest: Manifest): Map<string, Holding[]> {
  const holdings = new Map<string, Holding[]>();
  for (const { offset, content } of manifest.documents) {
    for (const claim of content.claims) {
      const holding = { claim, content, offset, until: FOREVER };
      const same = holdings.get(claim.id);
      if (same === undefined) holdings.set(claim.id, [holding]);
      else same.push(holding);
    }
  }
  return holdings;
}

function setMembership(set: Set<string>, file: string, member: boolean): void {
  if (member) set.add(file);
  else set.delete(file);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
