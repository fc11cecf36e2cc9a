/** Which addresses each Gateway gets: one of the pool, those its spec asks for, or all of the machine. */
import { isIP } from 'node:net';
import type { Gateway } from '../api/gatewayapi.ts';
import type { Problem } from '../status/problem.ts';

/** Address of a Gateway that listens everywhere. */
export const AnyAddress = '*';
/** Gateway.status.addresses takes no more. */
export const MaxPublished = 16;

/** Assigns addresses; asked in the order of the Gateways' age. */
export class Addresses {
  readonly #pool: readonly string[];
  readonly #taken = new Set<string>();

  constructor(pool: readonly string[]) {
    this.#pool = pool;
  }

  /** Whether an address that a spec names can be had: with a pool, only its addresses. */
  usable(address: string): boolean {
    return isIP(address) !== 0 && (this.#pool.length === 0 || this.#pool.includes(address));
  }

  /** Takes an address that a spec names, or that a Gateway had before. Several Gateways may: then their ports decide. */
  claim(address: string): void {
    this.#taken.add(address);
  }

  /** Whether a remembered address may be kept. */
  free(address: string): boolean {
    return this.#pool.includes(address) && !this.#taken.has(address);
  }

  /** @returns undefined if the pool is exhausted */
  take(): string | undefined {
    if (this.#pool.length === 0) return AnyAddress;
    const address = this.#pool.find((candidate) => !this.#taken.has(candidate));
    if (address !== undefined) this.#taken.add(address);
    return address;
  }

  /** For what is served beside Gateways: a free address, else the pool's first, whose Gateway is then asked before. */
  takeShared(): string {
    return this.take() ?? this.#pool[0] ?? AnyAddress;
  }
}

/** An entry of Gateway.status.addresses. */
export interface PublishedAddress {
  readonly type: 'IPAddress' | 'Hostname';
  readonly value: string;
}

export interface Assignment {
  /** What is bound: IP addresses, or `*`. */
  readonly addresses: readonly string[];
  /** Where clients reach it. */
  readonly published: readonly PublishedAddress[];
  /** Listener port → bound port, where the Gateway's Service says it. Absent: as --port-map says. */
  readonly ports?: ReadonlyMap<number, number>;
  /** More that is worth telling, or `''`. */
  readonly note?: string;
  /** UnsupportedAddress makes the Gateway not accepted; AddressNotUsable and AddressNotAssigned not programmed. */
  readonly problem?: Problem;
}

/**
 * Gateways that bind their ports on this machine.
 * @param gateways ours, in the order of their age
 * @param assigned what each got in the run before; updated
 * @param machine addresses of the machines that `*` stands for; none: it is told as 0.0.0.0
 */
export function assignAddresses(
  gateways: readonly Gateway[],
  addresses: Addresses,
  assigned: Map<string, string>,
  machine: readonly string[] = [],
): ReadonlyMap<Gateway, Assignment> {
  for (const gateway of gateways) {
    for (const { value } of gateway.spec.addresses ?? []) if (value !== undefined) addresses.claim(value);
  }
  const kept = new Map<string, string>();
  for (const gateway of gateways) {
    const before = assigned.get(idOf(gateway));
    if (before === undefined || !wantsAny(gateway) || !addresses.free(before)) continue;
    addresses.claim(before);
    kept.set(idOf(gateway), before);
  }
  assigned.clear();
  const result = new Map<Gateway, Assignment>();
  for (const gateway of gateways) {
    const assignment = assign(gateway, addresses, kept.get(idOf(gateway)));
    result.set(gateway, { ...assignment, published: publish(assignment.addresses, machine) });
    const [first] = assignment.addresses;
    if (wantsAny(gateway) && first !== undefined) assigned.set(idOf(gateway), first);
  }
  return result;
}

/** IPAddress is the only type that can be asked for. */
export function unsupportedType({ spec }: Gateway): Problem | undefined {
  const wanted = spec.addresses ?? [];
  const unsupported = wanted.findIndex(({ type }) => type !== 'IPAddress');
  if (unsupported < 0) return undefined;
  const message = `address type ${wanted[unsupported]?.type} is not supported; use IPAddress`;
  return { path: `spec.addresses[${unsupported}].type`, reason: 'UnsupportedAddress', message };
}

/** @param addresses that are bound */
export function publish(addresses: readonly string[], machine: readonly string[]): readonly PublishedAddress[] {
  const everywhere = machine.length === 0 ? ['0.0.0.0'] : machine;
  const values = addresses.flatMap((address) => (address === AnyAddress ? everywhere : [address]));
  return values.slice(0, MaxPublished).map((value) => ({ type: 'IPAddress', value }));
}

function assign(gateway: Gateway, addresses: Addresses, before: string | undefined): Omit<Assignment, 'published'> {
  const wanted = gateway.spec.addresses ?? [];
  const unsupported = unsupportedType(gateway);
  if (unsupported !== undefined) return { addresses: [], problem: unsupported };
  const given: string[] = [];
  let problem: Problem | undefined;
  for (const [i, { value }] of wanted.entries()) {
    if (value === undefined) continue;
    if (addresses.usable(value)) given.push(value);
    else {
      const message = `${value} cannot be used by this gateway; use one of its addresses (--addresses), or remove the entry to get one`;
      problem ??= { path: `spec.addresses[${i}].value`, reason: 'AddressNotUsable', message };
    }
  }
  if (wantsAny(gateway)) {
    const address = before ?? addresses.take();
    if (address !== undefined) given.push(address);
    else {
      const message = 'every address of the pool has a Gateway; add one to --addresses';
      problem ??= { path: 'spec.addresses', reason: 'AddressNotAssigned', message };
    }
  }
  return problem === undefined ? { addresses: given } : { addresses: given, problem };
}

// GatewaySpecAddress.value: "If a value is unspecified, an address SHOULD be assigned by the implementation."
function wantsAny({ spec }: Gateway): boolean {
  return (spec.addresses ?? []).every(({ value }) => value === undefined);
}

function idOf({ metadata }: Gateway): string {
  return `${metadata.namespace}/${metadata.name}`;
}
