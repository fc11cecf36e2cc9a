/** Where objects come from. The kube and directory sources look the same from here on. */
import type { KubeObject, ObjectRef, RefusedObject } from '../api/object.ts';
import type { Progress } from '../kube/versions.ts';

export type Change =
  | { readonly kind: 'upsert'; readonly object: KubeObject }
  /** `missed`: nobody said that it was deleted, but a new list does not have it. */
  | { readonly kind: 'remove'; readonly ref: ObjectRef; readonly missed?: true };

/** A document that could not become an object: it changes nothing, and is told to the user. */
export interface SourceProblem {
  /** Path of the file, relative to the directory; `''` in a cluster. */
  readonly file: string;
  /** 1-based; 0 if unknown. */
  readonly line: number;
  /** `Kind/namespace/name` as far as known, else `''`. */
  readonly object: string;
  /** Field path, or `''`. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  /** In a cluster, where the object is there although it cannot be used: whom to tell. */
  readonly of?: RefusedObject;
}

export interface SourceSink {
  /**
   * One settled batch; objects are validated, defaulted, and frozen.
   * @param progress how far the API server has been read with it; without changes where nothing else is new. Absent in a directory
   */
  apply(changes: readonly Change[], progress?: Progress): void;
  /** Every problem that stands now, replacing the former list. */
  problems(problems: readonly SourceProblem[]): void;
}

export interface Source {
  /** Resolves once the first whole state was given to `sink`. */
  start(sink: SourceSink): Promise<void>;
  close(): Promise<void>;
}
