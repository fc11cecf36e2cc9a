/** What a rule itself says of policies: its filters, its ExtensionRefs and its block `policies`, each a level of its own. */
import type { GatewayRouteFilter, GatewayRouteRule } from '../api/gatewayroute.ts';
import { OUR_GROUP } from '../api/kinds.ts';
import type { Filter } from '../ir/filter.ts';
import { isFilterKey } from '../policy/order.ts';
import type { Problem } from '../status/problem.ts';
import { createdOf } from './age.ts';
import type { Draft } from './draft.ts';
import type { RankedLevel } from './effective.ts';
import { type CompiledKey, compileKeys, failsClosed, type Level, Rank } from './policy-level.ts';

export interface OwnLevels {
  readonly levels: readonly RankedLevel[];
  /** The rule's own filters, all of them. */
  readonly filters: readonly Filter[];
  /** Those that are no policy key. */
  readonly plain: readonly Filter[];
  /** The rule answers 500: what is missing may be its guard. */
  readonly invalid: readonly Problem[];
  /** It is served without. */
  readonly notes: readonly Problem[];
}

type ExtensionRef = Extract<GatewayRouteFilter, { readonly type: 'ExtensionRef' }>;

/** @param translate filters that are no ExtensionRef to one of our policies */
export function ownLevels(
  spec: GatewayRouteRule,
  path: string,
  draft: Draft,
  translate: (filters: readonly GatewayRouteFilter[]) => readonly Filter[],
): OwnLevels {
  const all = spec.filters ?? [];
  // Most rules have none: the indices of the others stay what they are in the spec.
  const others = all.some(isPolicyRef) ? all.filter((filter) => !isPolicyRef(filter)) : all;
  const filters = translate(others);
  const invalid: Problem[] = [];
  const levels: RankedLevel[] = [];
  for (const [i, filter] of all.entries()) {
    if (!isPolicyRef(filter)) continue;
    const { name } = filter.extensionRef;
    const { namespace } = draft.object.metadata;
    const level = draft.world.policy(namespace, name);
    if (level !== undefined) {
      levels.push({ level, rank: Rank.ExtensionRef });
      continue;
    }
    invalid.push({
      path: `${path}.filters[${i}].extensionRef`,
      reason: 'RefNotFound',
      message: `GatewayPolicy ${namespace}/${name} not found; create it or correct the name`,
    });
  }

  const { policies } = spec;
  const notes: Problem[] = [];
  if (policies !== undefined) {
    const keys = compileKeys(policies, `${path}.policies`, draft);
    for (const key of keys) (isFatal(key) ? invalid : notes).push(...key.problems);
    levels.push({ level: { ...here(draft), keys }, rank: Rank.Inline });
  }
  const keys = ownKeys(spec, filters, path);
  if (keys.length === 0) return { levels, filters, plain: filters, invalid, notes };
  levels.push({ level: { ...here(draft), keys }, rank: Rank.Own });
  return { levels, filters, plain: filters.filter(({ kind }) => !isFilterKey(kind)), invalid, notes };
}

/** What its filters and fields say of keys that a policy has, too. */
function ownKeys(spec: GatewayRouteRule, filters: readonly Filter[], path: string): readonly CompiledKey[] {
  const key = { mode: 'Enforce', problems: [] } as const;
  const { timeouts, retry } = spec;
  return [
    ...filters.flatMap((filter) =>
      isFilterKey(filter.kind) ? [{ ...key, key: filter.kind, path: `${path}.filters`, filter }] : [],
    ),
    ...(timeouts === undefined ? [] : [{ ...key, key: 'timeouts', path: `${path}.timeouts` } as const]),
    ...(retry === undefined ? [] : [{ ...key, key: 'retry', path: `${path}.retry` } as const]),
  ];
}

function here({ object }: Draft): Omit<Level, 'keys'> {
  const { namespace, name } = object.metadata;
  return {
    from: `${object.kind} ${namespace}/${name}`,
    created: createdOf(object),
    name: `${namespace}/${name}`,
    overrides: false,
    unread: [],
  };
}

function isFatal({ key, mode }: CompiledKey): boolean {
  return mode === 'Enforce' && failsClosed(key);
}

function isPolicyRef(filter: GatewayRouteFilter): filter is ExtensionRef {
  return (
    filter.type === 'ExtensionRef' &&
    filter.extensionRef.group === OUR_GROUP &&
    filter.extensionRef.kind === 'GatewayPolicy'
  );
}
