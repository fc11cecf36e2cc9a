/** The database of countries of the pod, as one filter sees it. */
import { type Countries, openCountries } from './countries.ts';
import type { FilterEnv } from './runtime.ts';

export interface CountryWatch {
  /** The newest; null: there is none, or none yet. */
  readonly countries: Countries | null;
  close(): void;
}

export function watchCountries({ services }: Pick<FilterEnv, 'services'>): CountryWatch {
  let countries: Countries | null = null;
  const take = (database: SharedArrayBuffer | null): void => {
    try {
      countries = database === null ? null : openCountries(database);
    } catch {
      // The services thread opens each file before it hands it on, and reports it; here no database is no answer.
      countries = null;
    }
  };
  const watch = services.watch({ kind: 'geoip', config: {} }, ({ database }) => take(database));
  if (watch.value !== undefined) take(watch.value.database);
  return {
    get countries() {
      return countries;
    },
    close: () => watch.close(),
  };
}
