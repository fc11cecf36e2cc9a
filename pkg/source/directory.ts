/**
 * Objects from a directory of manifests: the same Source as a cluster's API server, live within 150 ms of a write. Used by
 * `cmd/gateway.ts` with `--directory`.
 *
 * A directory that vanished is told from one that the user emptied by its identity (device and inode):
 * - it cannot be listed (deleted, unmounted, no permission): everything stays as it was, and a problem says so until it is back;
 * - it is another directory than before (a mount that failed or was taken away, a link that turned) and holds no manifest:
 *   the same, until there is a manifest or a file `.suuupra-empty`;
 * - it is the very same directory and its manifests were deleted: the user meant it, their objects go.
 */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ObjectRef, objectId } from '../api/object.ts';
import { type Clock, systemClock } from '../store/clock.ts';
import { Catalogue } from './catalogue.ts';
import { noManifest, readManifest, refusedManifest, type Validate } from './manifest.ts';
import { EMPTY_MARKER, identityOf, isManifestName, readManifestFile, type Scan, scanTree } from './scan.ts';
import { Settle } from './settle.ts';
import type { Source, SourceProblem, SourceSink } from './source.ts';
import { FolderWatch } from './watch.ts';

export interface DirectoryOptions {
  readonly validate: Validate;
  readonly clock?: Clock;
  /** ms of quiet before a changed file is read: there is no event for "finished writing". Default 30. */
  readonly settle?: number;
  /** ms after which a file is read although it keeps changing. Default 120. */
  readonly maxSettle?: number;
  /** ms that an object which is no longer written down stays, beyond `settle`: editors replace files by renaming. Default 60. */
  readonly vanishDelay?: number;
  /** ms between full looks at the tree, for file systems without events. Default 30,000. */
  readonly poll?: number;
  /** Whether a former run's objects are served (the last known good): an empty directory at start is then a failed mount. */
  readonly expectObjects?: () => boolean;
  /** Documents that are left alone because their kind is not ours; called once for each. */
  readonly onNote?: (note: SourceProblem) => void;
}

/** Stands for the whole tree among the paths that settle. */
const TREE = '';
const READERS = 16;
/** ms between looks at a directory that is not there. */
const IMPATIENT = 500;

export class DirectorySource implements Source {
  private readonly root: string;
  private readonly options: DirectoryOptions;
  private readonly clock: Clock;
  private readonly catalogue: Catalogue;
  private readonly settle: Settle;
  private readonly watch: FolderWatch;
  private readonly poll: number;
  private readonly noted = new Set<string>();
  private readonly ready = Promise.withResolvers<void>();
  private sink: SourceSink | undefined;
  private signatures = new Map<string, string>();
  private folders: ReadonlyMap<string, string> = new Map();
  /** Identity of the root that the objects came from. */
  private identity: string | undefined;
  /** Problems of the directory itself. While it is `held`, nothing is removed. */
  private troubles: readonly SourceProblem[] = [];
  private held = false;
  private nextPoll = 0;
  private nextExpiry: number | undefined;
  private cancel: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private told = '';
  private closed = false;

  constructor(root: string, options: DirectoryOptions) {
    this.root = resolve(root);
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.poll = options.poll ?? 30_000;
    this.catalogue = new Catalogue(options.vanishDelay ?? 60);
    this.settle = new Settle(options.settle ?? 30, options.maxSettle ?? 120);
    this.watch = new FolderWatch(this.root, (folder, name) => this.heard(folder, name));
  }

  /** Waits, with a problem in `sink`, for a directory that is not there yet. */
  async start(sink: SourceSink): Promise<void> {
    this.sink = sink;
    this.watch.open();
    this.run();
    await this.ready.promise;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancel?.();
    // A look that is under way may still open watches.
    await this.running;
    this.watch.close();
    this.ready.resolve();
  }

  /** File (relative to the directory) and line of an object, or of the field of it at `path`. */
  placeOf(ref: Pick<ObjectRef, 'kind' | 'namespace' | 'name'>, path = ''): { file: string; line: number } | undefined {
    return this.catalogue.placeOf(objectId(ref), path);
  }

  private heard(folder: string, name: string | null): void {
    // `..data` is how a mounted ConfigMap swaps all its files at once. Other hidden names are editors' own business.
    const whole = name === null || name.startsWith('..') || name === EMPTY_MARKER;
    if (!whole && name.startsWith('.')) return;
    this.settle.note(whole ? TREE : join(folder, name), this.clock.now());
    this.schedule();
  }

  private schedule(): void {
    if (this.closed || this.running !== undefined) return;
    this.cancel?.();
    const due = Math.min(this.nextPoll, this.nextExpiry ?? this.nextPoll, this.settle.next() ?? this.nextPoll);
    this.cancel = this.clock.after(Math.max(0, Math.ceil(due - this.clock.now())), () => this.run());
  }

  private run(): void {
    this.running = this.work().finally(() => {
      this.running = undefined;
      this.schedule();
    });
  }

  private async work(): Promise<void> {
    const now = this.clock.now();
    const due = this.settle.takeDue(now);
    let whole = now >= this.nextPoll || due.includes(TREE);
    const changed: string[] = [];
    for (const path of due) {
      if (path === TREE) continue;
      if (isManifestName(path.slice(path.lastIndexOf('/') + 1))) changed.push(path);
      else whole ||= this.folders.has(path) || (await isFolder(join(this.root, path)));
    }
    const lost = await this.readAll(changed, false);
    // What is gone may be gone with the whole directory. If that is still there, the user deleted it: no need to look at the rest.
    if (lost && !whole && (await identityOf(this.root)) === this.identity) await this.readAll(changed, true);
    else if (whole || lost) await this.lookAtTree();
    if (!this.closed) this.publish();
  }

  /** Reads files into the catalogue. With `known`, one that is gone is removed; without, the result says that one is gone. */
  private async readAll(files: readonly string[], known: boolean): Promise<boolean> {
    let lost = false;
    const queue = files.values();
    const reader = async () => {
      for (const file of queue) lost = (await this.readOne(file, known)) || lost;
    };
    await Promise.all(Array.from({ length: Math.min(READERS, files.length) }, reader));
    return lost;
  }

  private async readOne(file: string, known: boolean): Promise<boolean> {
    const read = await readManifestFile(join(this.root, file));
    const now = this.clock.now();
    if (read.kind === 'text') {
      const former = this.catalogue.manifestOf(file) ?? noManifest();
      this.catalogue.update(file, readManifest(read.text, this.options.validate, former), now);
    } else if (read.kind === 'refused') this.catalogue.update(file, refusedManifest(read.message, read.hint), now);
    else {
      if (read.kind === 'folder') this.settle.note(TREE, now);
      if (!known) return this.catalogue.manifestOf(file) !== undefined;
      this.catalogue.update(file, undefined, now);
    }
    return false;
  }

  private async lookAtTree(): Promise<void> {
    const scan = await scanTree(this.root);
    const trouble = this.troubleOf(scan);
    this.held = trouble !== undefined;
    this.nextPoll = this.clock.now() + (this.held ? Math.min(this.poll, IMPATIENT) : this.poll);
    if (trouble !== undefined) {
      this.troubles = [trouble];
      return;
    }
    this.identity = scan.folders.get('');
    this.folders = scan.folders;
    const { failure, added } = this.watch.sync(scan.folders);
    if (added) this.settle.note(TREE, this.clock.now());
    this.troubles = [...troublesOf(scan.unread), ...(failure === undefined ? [] : [this.deaf(failure)])];
    const changed = [...scan.files].filter(
      ([file, signature]) => signature === '' || this.signatures.get(file) !== signature,
    );
    this.signatures = new Map(scan.files);
    await this.readAll(
      changed.map(([file]) => file),
      true,
    );
    for (const file of this.catalogue.files) {
      if (!scan.files.has(file) && !isBelow(file, scan.unread))
        this.catalogue.update(file, undefined, this.clock.now());
    }
  }

  private troubleOf(scan: Scan): SourceProblem | undefined {
    const error = scan.unread.get('');
    const state = this.catalogue.files.length > 0 ? 'its last state is still served' : 'nothing is read yet';
    if (error !== undefined) {
      return about('', `the directory cannot be listed (${error}); ${state}`, 'bring it back, or correct --directory');
    }
    if (scan.files.size > 0 || scan.markedEmpty) return undefined;
    const replaced =
      this.identity !== undefined && this.identity !== scan.folders.get('') && this.catalogue.files.length > 0;
    const suspicious = replaced || (this.identity === undefined && this.options.expectObjects?.() === true);
    if (!suspicious) return undefined;
    return about(
      '',
      'the directory was replaced by an empty one, as by a failed mount; its last state is still served',
      `mount it again, or create the file ${EMPTY_MARKER} in it if it is meant to be empty`,
    );
  }

  private deaf(failure: string): SourceProblem {
    const hint = 'raise the sysctl fs.inotify.max_user_watches or fs.inotify.max_user_instances';
    return about('', `changes are only seen every ${this.poll / 1000} s: ${failure}`, hint);
  }

  private publish(): void {
    if (!this.held) this.nextExpiry = this.catalogue.expire(this.clock.now());
    else this.nextExpiry = undefined;
    const changes = this.catalogue.takeChanges();
    const problems = [...this.troubles, ...this.catalogue.problems()];
    const text = JSON.stringify(problems);
    if (changes.length > 0) this.sink?.apply(changes);
    if (text !== this.told) this.sink?.problems(problems);
    this.told = text;
    for (const note of this.catalogue.notes()) this.tell(note);
    if (this.identity !== undefined) this.ready.resolve();
  }

  private tell(note: SourceProblem): void {
    const key = `${note.file} ${note.object}`;
    if (this.noted.has(key)) return;
    this.noted.add(key);
    this.options.onNote?.(note);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function troublesOf(unread: ReadonlyMap<string, string>): SourceProblem[] {
  return [...unread].map(([folder, error]) =>
    about(
      folder,
      `this folder cannot be listed (${error}); its last state is still served`,
      'make it readable, or delete it',
    ),
  );
}

function isBelow(file: string, folders: ReadonlyMap<string, string>): boolean {
  return [...folders.keys()].some((folder) => file.startsWith(`${folder}/`));
}

function about(file: string, message: string, hint: string): SourceProblem {
  return { file, line: 0, object: '', path: '', message, hint };
}
