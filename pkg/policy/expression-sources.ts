/** What the expressions of one filter ask that no exchange holds. Nothing is opened before one of them names it. */
import type { CountryOf, Sources } from '../expression/variables.ts';
import { type CountryWatch, watchCountries } from './country-watch.ts';
import { createAddress, readAddress } from './ip-address.ts';
import type { FilterEnv } from './runtime.ts';

export interface OpenSources extends Sources {
  close(): void;
}

export function createSources(env: Pick<FilterEnv, 'services'>): OpenSources {
  let watch: CountryWatch | null = null;
  return {
    countries: () => countryOf((watch ??= watchCountries(env))),
    close: () => watch?.close(),
  };
}

function countryOf(watch: CountryWatch): CountryOf {
  const words = createAddress();
  return (address) => {
    const { countries } = watch;
    if (countries === null) return undefined;
    // A client that was gone before it could be asked has no address, and so comes from nowhere.
    return readAddress(address, words) ? (countries.of(address) ?? '') : '';
  };
}
