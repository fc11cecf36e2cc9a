/**
 * How far somebody has read the API server: by kind, the highest resourceVersion. Since Kubernetes 1.35 they "can be compared as integers";
 * older servers on etcd count alike.
 */
export type Versions = Readonly<Record<string, string>>;

/** The same of a source, whose collections may be many for one kind: by kind and namespace. */
export interface Progress {
  /** Everything up to here has been read. */
  readonly seen: Versions;
  /** The last object or deletion that there was: who has seen that far has seen the same. Lists and bookmarks alone move only `seen`. */
  readonly latest: Versions;
}

/** Whether who has read as far as `have` knows everything that `need` names. */
export function reaches(have: Versions, need: Versions): boolean {
  return Object.entries(need).every(([kind, version]) => !isLater(version, have[kind]));
}

/** `undefined`: nothing at all. Versions that are no numbers cannot be compared; nobody is made to wait for them. */
export function isLater(version: string, than: string | undefined): boolean {
  if (!/^\d+$/.test(version)) return false;
  if (than === undefined) return true;
  return /^\d+$/.test(than) && BigInt(version) > BigInt(than);
}
