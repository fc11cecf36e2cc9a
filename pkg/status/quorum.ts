/** The gateway pods that a status waits for before it says that something is served. Used by `writer.ts`. */
import type { Versions } from '../kube/versions.ts';

export interface Quorum {
  /** Those that have not acknowledged everything up to `versions` yet, by name. */
  behind(versions: Versions): readonly string[];
  /** Told whenever `behind` may say less. */
  onChange(listener: () => void): void;
}

/** Asked once for each `need`: many statuses share one. Absent: nobody is waited for. */
export function behindOf(quorum: Quorum | undefined): (need: Versions | undefined) => readonly string[] {
  const known = new Map<Versions, readonly string[]>();
  return (need) => {
    if (need === undefined || quorum === undefined) return [];
    const late = known.get(need) ?? quorum.behind(need);
    known.set(need, late);
    return late;
  };
}

/** For users; a few names, since there may be many. */
export function stragglersText(pods: readonly string[]): string {
  const more = pods.length > 3 ? ` and ${pods.length - 3} more` : '';
  const [verb, noun] = pods.length === 1 ? ['does', 'pod'] : ['do', 'pods'];
  return `gateway ${noun} ${pods.slice(0, 3).join(', ')}${more} ${verb} not serve this configuration yet`;
}
