/** The headers that tell a backend who is asking: made once per identity, and taken out of what clients send. */
import type { Identity } from '../identity.ts';
import type { HeaderView } from '../runtime.ts';
import { createEraser } from '../spellings.ts';
import { type ClaimHeader, claimFields } from './claim-header.ts';

type Fields = readonly (readonly [name: string, value: string])[];

export class ClaimFields {
  readonly #headers: readonly ClaimHeader[];
  readonly #erase: (headers: HeaderView) => void;
  readonly #known = new WeakMap<Identity, Fields | null>();

  constructor(headers: readonly ClaimHeader[]) {
    this.#headers = headers;
    this.#erase = createEraser(headers.map(({ header }) => header));
  }

  /** Whether everything that the backend is to learn can stand in a header. If not, nobody should guess who is asking. */
  fits(identity: Identity): boolean {
    return this.#headers.length === 0 || this.#fieldsOf(identity) !== null;
  }

  /** Takes out what a client may have sent under these names. */
  remove(headers: HeaderView): void {
    this.#erase(headers);
  }

  set(headers: HeaderView, identity: Identity): void {
    if (this.#headers.length === 0) return;
    for (const [name, value] of this.#fieldsOf(identity) ?? []) headers.set(name, value);
  }

  #fieldsOf(identity: Identity): Fields | null {
    let fields = this.#known.get(identity);
    if (fields === undefined) this.#known.set(identity, (fields = claimFields(this.#headers, identity.claims)));
    return fields;
  }
}
