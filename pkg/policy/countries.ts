/** The country of an address, by a database in MaxMind's format (MMDB). */
import { Buffer } from 'node:buffer';
import { Reader, type Response } from 'mmdb-lib';

export interface Countries {
  /** ISO 3166-1 alpha-2; null if the database knows none. Throws if the database is broken. */
  of(address: string): string | null;
}

/** Decoded records that are kept: a database of countries has some 250, one of cities very many. */
const MaxRecords = 1_024;

/** Throws on what is no such database. */
export function openCountries(database: SharedArrayBuffer): Countries {
  const records = new Map<string | number, unknown>();
  const reader = new Reader<Response>(Buffer.from(database), {
    cache: {
      get: (key) => records.get(key) as never,
      set: (key, value) => {
        if (records.size >= MaxRecords) records.clear();
        records.set(key, value);
      },
    },
  });
  // A tree of IPv4 alone would take the first bits of an IPv6 address for one.
  const narrow = reader.metadata.ipVersion === 4;
  return { of: (address) => (narrow && address.includes(':') ? null : countryOf(reader.get(address))) };
}

/** GeoIP2 and GeoLite2 have `country.iso_code`, flat databases `country_code`. */
function countryOf(record: unknown): string | null {
  if (typeof record !== 'object' || record === null) return null;
  const { country, country_code: flat } = record as { readonly country?: unknown; readonly country_code?: unknown };
  const code =
    typeof country === 'object' && country !== null ? (country as { readonly iso_code?: unknown }).iso_code : flat;
  return typeof code === 'string' && code !== '' ? code : null;
}
