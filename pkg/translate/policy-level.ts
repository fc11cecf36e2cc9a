/** One block `policies` with everything built that can be: what a GatewayPolicy, a class, or a rule says. */
import type { TargetKind } from '../api/gatewaypolicy.ts';
import { type Mode, type Policies, requiredFields } from '../api/policies.ts';
import type { Filter } from '../ir/filter.ts';
import { type PolicyKey, placeOf, policyKeys, schemaOf } from '../policy/order.ts';
import { redisFields } from '../policy/redis-fields.ts';
import { isSettingKey, type Setting, type SettingKey, translateSetting } from '../policy/settings.ts';
import { isProblems } from '../policy/translated.ts';
import { translatePolicy } from '../policy/translators.ts';
import type { Problem } from '../status/problem.ts';
import type { Draft } from './draft.ts';
import { policyContext } from './policy-context.ts';

/**
 * From the class to the rule, then Overrides in the reverse order: the nearer to the request the stronger, unless the owner of the
 * Gateway has the last word. `api-shapes.md`, rank.
 */
export const Rank = {
  ClassDefaults: 0,
  Gateway: 1,
  /** A listener of a Gateway, or a whole ListenerSet. */
  Listener: 2,
  SetListener: 3,
  Route: 4,
  Annotations: 5,
  Rule: 6,
  ExtensionRef: 7,
  Inline: 8,
  /** Filters and fields that the route itself has. */
  Own: 9,
  OverridesSetListener: 17,
  OverridesListener: 18,
  OverridesGateway: 19,
} as const;

/** GatewayClassConfig: what holds for Ingresses that no Gateway serves. */
export type PolicyTarget = TargetKind | 'GatewayClassConfig';

/** Kept by the memo: the same instance as long as nothing that it was built from has changed. */
export interface Level {
  /** `GatewayPolicy infra/baseline`. */
  readonly from: string;
  /** Age in seconds, then namespace/name: who wins at the same rank. */
  readonly created: number;
  readonly name: string;
  readonly overrides: boolean;
  readonly keys: readonly CompiledKey[];
  /** Why the object cannot be read: it closes every rule that it reaches, since any of its keys may be a guard. */
  readonly unread: readonly Problem[];
}

export interface CompiledKey {
  readonly key: PolicyKey;
  readonly mode: Mode;
  /** Where it stands in its object. */
  readonly path: string;
  /** Absent if it is Disabled or cannot be built. */
  readonly filter?: Filter;
  readonly setting?: Setting;
  /** Why it cannot be built. */
  readonly problems: readonly Problem[];
  /** It is built, and needs what the data plane has not: it refuses by itself, with 503, what it cannot decide. */
  readonly lacks?: readonly Problem[];
}

/** A level at one target. */
export interface AttachedPolicy {
  readonly level: Level;
  /** Of the target: a listener, or a rule. */
  readonly sectionName: string | undefined;
  /** Of the target as a whole; a section of it is one step nearer. */
  readonly rank: number;
  /** By which of its targets it is here: place in `PolicyState.targets`; -1 where it has none. */
  readonly target: number;
}

/** @param path where the block stands in its object */
export function compileKeys(policies: Policies, path: string, draft: Draft): readonly CompiledKey[] {
  return policyKeys.flatMap((key) => {
    const value = policies[key];
    return value === undefined ? [] : [compileKey(key, value, `${path}.${key}`, draft)];
  });
}

function compileKey(
  key: PolicyKey,
  { mode = 'Enforce', ...spec }: NonNullable<Policies[PolicyKey]>,
  path: string,
  draft: Draft,
): CompiledKey {
  const written = Object.keys(spec).length > 0 && requiredFields(schemaOf(key)).every((name) => name in spec);
  if (mode === 'Disabled' && !written) return { key, mode, path, problems: [] };
  if (isSettingKey(key)) return compileSetting(key, mode, spec, path);
  // All that is required is there, so it is what the translator of the key takes.
  const filter = translatePolicy(key, spec as never, path, policyContext(draft));
  if (isProblems(filter)) return { key, mode, path, problems: filter };
  if (mode === 'Disabled') return { key, mode, path, problems: [] };
  const built = mode === 'Shadow' ? { ...filter, mode } : filter;
  return { key, mode, path, filter: built, problems: [], ...lacksOf(redisFields(key, spec, path), draft) };
}

function lacksOf(fields: readonly string[], { world }: Draft): Pick<CompiledKey, 'lacks'> {
  const message = fields.length === 0 ? '' : world.redisFault;
  return message === '' ? {} : { lacks: fields.map((path) => ({ path, reason: 'RedisNotConfigured', message })) };
}

function compileSetting(key: SettingKey, mode: Mode, spec: object, path: string): CompiledKey {
  const setting = translateSetting(key, spec as never, path);
  if (isProblems(setting)) return { key, mode, path, problems: setting };
  return mode === 'Disabled' ? { key, mode, path, problems: [] } : { key, mode, path, setting, problems: [] };
}

export function failsClosed(key: PolicyKey): boolean {
  return placeOf(key).failure === 'Closed';
}
