/** Tells of values that a filter left out: each is counted, the first of a place is in the log. */
import type { Filter } from '../ir/filter.ts';
import type { FilterEnv } from '../policy/runtime.ts';
import type { Log } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/record.ts';

/** One for each configuration. What the value was is not told: it may be a secret. */
export function reportDropped(
  filter: Pick<Filter, 'kind' | 'mode'>,
  telemetry: Pick<Telemetry, 'valueDropped'>,
  log: Pick<Log, 'info' | 'warn'>,
): FilterEnv['dropped'] {
  const { kind } = filter;
  const mode = filter.mode ?? 'Enforce';
  const told = new Set<string>();
  return (place, reason) => {
    telemetry.valueDropped(kind, mode, reason);
    const once = `${place} ${reason}`;
    if (told.has(once)) return;
    told.add(once);
    const fields = { policy: kind, mode, place };
    // Optional things are missing every day; what may not stand where it was to is a mistake, or an attack.
    if (reason === 'failed')
      log.info(fields, 'a value is left out, since its expression gave none; others will be counted only');
    else log.warn(fields, 'a value is left out, since it may not stand there; others will be counted only');
  };
}
