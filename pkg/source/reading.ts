/** How far a source has read the API server: what the pods tell each other. Used by `kube.ts`. */
import type { Kind } from '../api/kinds.ts';
import { isLater, type Progress } from '../kube/versions.ts';

type RawObject = Readonly<Record<string, unknown>>;

export interface Read {
  readonly kind: Kind;
  /** Namespace, `''` for all. */
  readonly scope: string;
  readonly what: 'replace' | 'upsert' | 'remove';
  readonly raw?: RawObject;
  readonly raws?: readonly RawObject[];
  /** Of a list. */
  readonly version?: string;
}

export class Reading {
  /** Since the last `take`. */
  moved = false;
  #seen: Record<string, string> = {};
  #latest: Record<string, string> = {};

  note({ kind, scope, raw, raws = [], version = '' }: Read): void {
    // They change all the time and no status depends on them: pods would have news every second.
    if (kind === 'EndpointSlice') return;
    const key = scope === '' ? kind : `${kind}/${scope}`;
    for (const object of raw === undefined ? raws : [raw]) this.#move(this.#latest, key, versionOf(object));
    this.#move(this.#seen, key, version);
    this.#move(this.#seen, key, this.#latest[key] ?? '');
  }

  take(): Progress {
    this.moved = false;
    return { seen: { ...this.#seen }, latest: { ...this.#latest } };
  }

  #move(versions: Record<string, string>, key: string, to: string): void {
    if (!isLater(to, versions[key])) return;
    versions[key] = to;
    this.moved = true;
  }
}

function versionOf(object: RawObject): string {
  return (object['metadata'] as { readonly resourceVersion?: string }).resourceVersion ?? '';
}
