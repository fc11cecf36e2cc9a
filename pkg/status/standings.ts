/**
 * What stands at the API server as it was seen last: in the source's watches, which come anyway, and in the writer's own reads and answers.
 * Who knows it need not look before a write, since a write counts only onto the resourceVersion that it was made from. Used by `target.ts`.
 */
import { KINDS, type Kind } from '../api/kinds.ts';
import { type ObjectRef, objectId } from '../api/object.ts';
import { isLater } from '../kube/versions.ts';
import { WrittenKinds } from './written.ts';

type Json = Readonly<Record<string, unknown>>;

/** As the API server sends it. */
export interface Standing {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
  };
  readonly status?: Json;
}

interface Known {
  readonly metadata: Standing['metadata'];
  /** JSON, which takes a fifth of what the object would; `''`: there is none. */
  readonly status: string;
}

type Place = Pick<ObjectRef, 'namespace' | 'name'>;

/** Objects of other kinds than those that are written are passed by. */
export class Standings {
  readonly #known = new Map<string, Known>();

  upsert(kind: Kind, raw: Json): void {
    if (!WrittenKinds.has(kind)) return;
    const { metadata, status } = raw as unknown as Standing;
    const { name, namespace = '', uid, resourceVersion, generation } = metadata;
    const id = idOf(kind, { namespace, name });
    // A watch comes after the answer to a write.
    if (this.#isKnownAfter(id, resourceVersion)) return;
    this.#known.set(id, {
      metadata: { name, namespace, uid, resourceVersion, ...(generation !== undefined && { generation }) },
      status: status === undefined ? '' : JSON.stringify(status),
    });
  }

  remove(kind: Kind, raw: Json): void {
    const { name, namespace = '', resourceVersion } = (raw as unknown as Standing).metadata;
    const id = idOf(kind, { namespace, name });
    // A deletion has a version of its own: what came after it is another object of that name.
    if (!this.#isKnownAfter(id, resourceVersion)) this.#known.delete(id);
  }

  /** @param scope the namespace that was listed, `''` for all: what is known of it and not among `raws` is gone */
  replace(kind: Kind, scope: string, raws: readonly Json[]): void {
    if (!WrittenKinds.has(kind)) return;
    const listed = new Set(
      raws.map((raw) => {
        const { name, namespace = '' } = (raw as unknown as Standing).metadata;
        return idOf(kind, { namespace, name });
      }),
    );
    const prefix = scope === '' ? `${kind}/` : `${kind}/${scope}/`;
    for (const id of this.#known.keys()) if (id.startsWith(prefix) && !listed.has(id)) this.#known.delete(id);
    for (const raw of raws) this.upsert(kind, raw);
  }

  get(kind: Kind, place: Place): Standing | undefined {
    const known = this.#known.get(idOf(kind, place));
    if (known === undefined) return undefined;
    const { metadata, status } = known;
    return { metadata, ...(status !== '' && { status: JSON.parse(status) as Json }) };
  }

  forget(kind: Kind, place: Place): void {
    this.#known.delete(idOf(kind, place));
  }

  #isKnownAfter(id: string, version: string): boolean {
    const known = this.#known.get(id);
    return known !== undefined && isLater(known.metadata.resourceVersion, version);
  }
}

function idOf(kind: Kind, { namespace, name }: Place): string {
  return objectId({ kind, namespace: KINDS[kind].namespaced ? namespace : '', name });
}
