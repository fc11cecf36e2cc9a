/** Filters → flat arrays of phases, made once per rule: a phase that nobody uses costs one comparison with null. */
import type { Phase, RuntimeFilter } from '../policy/runtime.ts';
import type { BackendChain } from './table.ts';

/** `filters` in the order of `policy/order.ts`; responses pass them backwards. */
export function compileChain(filters: readonly RuntimeFilter[]): BackendChain {
  const request = filters.filter(({ onRequest }) => onRequest !== undefined);
  const response = filters.filter(({ onResponse }) => onResponse !== undefined).toReversed();
  return {
    onRequest: phases(request, ({ onRequest }) => onRequest),
    onResponse: phases(response, ({ onResponse }) => onResponse),
    requestPolicies: request.map(policyOf),
    responsePolicies: response.map(policyOf),
  };
}

export const emptyChain: BackendChain = Object.freeze({
  onRequest: null,
  onResponse: null,
  requestPolicies: [],
  responsePolicies: [],
});

const policyOf = ({ policy }: RuntimeFilter): string => policy ?? '';

function phases(
  filters: readonly RuntimeFilter[],
  phaseOf: (filter: RuntimeFilter) => Phase | undefined,
): readonly Phase[] | null {
  const used = filters.map(phaseOf).filter((phase) => phase !== undefined);
  return used.length === 0 ? null : used;
}
