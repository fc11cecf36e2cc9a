/** Filters → flat arrays of phases, made once per rule: a phase that nobody uses costs one comparison with null. */
import type { Phase, RuntimeFilter } from '../policy/runtime.ts';
import type { BackendChain } from './table.ts';

/** `filters` in the order of `policy/order.ts`; responses pass them backwards. */
export function compileChain(filters: readonly RuntimeFilter[]): BackendChain {
  return {
    onRequest: phases(filters, (filter) => filter.onRequest),
    onResponse: phases(filters.toReversed(), (filter) => filter.onResponse),
  };
}

export const emptyChain: BackendChain = Object.freeze({ onRequest: null, onResponse: null });

function phases(
  filters: readonly RuntimeFilter[],
  phaseOf: (filter: RuntimeFilter) => Phase | undefined,
): readonly Phase[] | null {
  const used = filters.map(phaseOf).filter((phase) => phase !== undefined);
  return used.length === 0 ? null : used;
}
