/** Listens to folders, since a watch on a file goes deaf when a ConfigMap swaps or an editor renames. Used by `directory.ts`. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** `folder` relative to the root; `name` the entry that changed, null if the system does not say. */
export type Listener = (folder: string, name: string | null) => void;

export class FolderWatch {
  private readonly root: string;
  private readonly listener: Listener;
  private readonly watchers = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  private parent: FSWatcher | undefined;

  constructor(root: string, listener: Listener) {
    this.root = root;
    this.listener = listener;
  }

  /** The root itself may be deleted, created or, as a link, turned to another folder: only its parent hears that. */
  open(): void {
    const name = basename(this.root);
    try {
      this.parent = watch(dirname(this.root), (_, changed) => {
        if (changed === name) this.listener('', null);
      });
      this.parent.on('error', () => this.parent?.close());
    } catch {
      // The poll sees it later.
    }
  }

  /**
   * Watches exactly these folders (path → identity). Returns what could not be watched, as the system's error, and whether a new
   * folder is watched now: what happened in it before that was not heard.
   */
  sync(folders: ReadonlyMap<string, string>): { readonly failure: string | undefined; readonly added: boolean } {
    for (const [folder, { identity }] of this.watchers) if (folders.get(folder) !== identity) this.drop(folder);
    let failure: string | undefined;
    let added = false;
    for (const [folder, identity] of folders) {
      if (this.watchers.has(folder)) continue;
      try {
        const watcher = watch(join(this.root, folder), (_, name) => this.listener(folder, name));
        watcher.on('error', () => {
          this.drop(folder);
          this.listener(folder, null);
        });
        this.watchers.set(folder, { identity, watcher });
        added = true;
      } catch (error) {
        failure = String((error as { message?: unknown }).message);
      }
    }
    return { failure, added };
  }

  close(): void {
    this.parent?.close();
    for (const folder of this.watchers.keys()) this.drop(folder);
  }

  private drop(folder: string): void {
    this.watchers.get(folder)?.watcher.close();
    this.watchers.delete(folder);
  }
}
