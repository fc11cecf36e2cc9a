/** Which addresses each Gateway gets: one of the pool, those its spec asks for, or all of the machine. */

/** Address of a Gateway that listens everywhere. */
export const AnyAddress = '*';

/** Assigns addresses of the pool; asked in the order of the Gateways' age. */
export class Addresses {
  readonly #pool: readonly string[];
  readonly #taken = new Set<string>();

  constructor(pool: readonly string[]) {
    this.#pool = pool;
  }

  get hasPool(): boolean {
    return this.#pool.length > 0;
  }

  /** Whether an address that a spec names can be had: with a pool, only its addresses. */
  usable(address: string): boolean {
    return !this.hasPool || this.#pool.includes(address);
  }

  /** Takes an address that a spec names. Several Gateways may: their ports decide. */
  claim(address: string): void {
    this.#taken.add(address);
  }

  /** @returns undefined if the pool is exhausted */
  take(preferred: string | undefined): string | undefined {
    if (!this.hasPool) return AnyAddress;
    const free = (address: string): boolean => !this.#taken.has(address);
    const address =
      preferred !== undefined && this.#pool.includes(preferred) && free(preferred) ? preferred : this.#pool.find(free);
    if (address !== undefined) this.#taken.add(address);
    return address;
  }

  /** For what is served beside Gateways: a free address, else the pool's first, whose Gateway is then asked before. */
  takeShared(): string {
    return this.take(undefined) ?? this.#pool[0] ?? AnyAddress;
  }
}
