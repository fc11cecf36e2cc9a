/** Puts policies on the rules of a route: which levels reach it where it is attached, and what they come to. */
import type { Filter } from '../ir/filter.ts';
import type { Action, Attachment, Rule } from '../ir/route.ts';
import { compareFilters, isFilterKey, placeOf } from '../policy/order.ts';
import type { Draft } from './draft.ts';
import { type Fault, type Origin, originsOf, type RankedLevel } from './effective.ts';
import { type AttachedPolicy, Rank } from './policy-level.ts';
import type { TranslatedRule } from './rule.ts';
import type { World } from './world.ts';

/** Listeners at which the same policies reach a route. Nearly always that is all of them. */
export interface PolicyPlace {
  readonly attachments: readonly Attachment[];
  readonly upper: readonly RankedLevel[];
}

/** What one rule gets at one place. */
export interface AppliedRule {
  readonly rule: Rule;
  /** Of what is attached to the route itself. */
  readonly own: readonly AttachedPolicy[];
  readonly origins: readonly Origin[];
  readonly faults: readonly Fault[];
}

const refusal: Action = { kind: 'refuse', status: 500, code: 'policy-invalid' };

/** @param world asked for the policies of each listener's Gateway */
export function placesOf(attachments: readonly Attachment[], world: World): readonly PolicyPlace[] {
  return placesBy(attachments, ({ listener }) => levelsOfListener(listener, world));
}

/** @param levelsAt what reaches an attachment from above */
export function placesBy(
  attachments: readonly Attachment[],
  levelsAt: (attachment: Attachment) => readonly RankedLevel[],
): readonly PolicyPlace[] {
  const places: { readonly attachments: Attachment[]; readonly upper: readonly RankedLevel[] }[] = [];
  for (const attachment of attachments) {
    const upper = levelsAt(attachment);
    const same = places.find((place) => sameLevels(place.upper, upper));
    if (same === undefined) places.push({ attachments: [attachment], upper });
    else same.attachments.push(attachment);
  }
  return places;
}

/** @param listener id as in Ir.listeners: `namespace/gateway/listener`, of a ListenerSet `namespace/gateway/namespace/set/listener` */
export function levelsOfListener(listener: string, world: World): readonly AttachedPolicy[] {
  const [namespace = '', gateway = '', ...rest] = listener.split('/');
  const inSet = rest.length === 3;
  const own = inSet ? undefined : rest.join('/');
  const ofGateway = world.policies('Gateway', namespace, gateway).filter((policy) => reaches(policy, own));
  if (!inSet) return ofGateway;
  const [setNamespace = '', set = '', section] = rest;
  const ofSet = world.policies('ListenerSet', setNamespace, set).filter((policy) => reaches(policy, section));
  return [...ofGateway, ...ofSet];
}

/**
 * @param upper of the place
 * @param route what is attached to the route itself
 */
export function applyPolicies(
  { name, levels, plain }: Pick<TranslatedRule, 'name' | 'levels' | 'plain'>,
  rule: Rule,
  upper: readonly RankedLevel[],
  route: readonly AttachedPolicy[],
  draft: Draft,
): AppliedRule {
  const own = route.filter((policy) => reaches(policy, name));
  // Its own filters alone stand in the rule already.
  if (upper.length + own.length === 0 && levels.every(({ rank }) => rank === Rank.Own))
    return { rule, own, origins: [], faults: [] };
  const { filters, origins, faults } = draft.world.effective.get([...upper, ...own, ...levels]);
  const id = (filter: Filter): string => draft.addFilter(filter);
  const refused = rule.action.kind === 'refuse';
  if (refused || faults.length > 0) {
    // Only those of them stand in the IR: a rule that is refused uses none of the others.
    const kept = filters.filter(dressesAnswers);
    const told = originsOf(origins, (filter) => (kept.includes(filter) ? id(filter) : undefined));
    return {
      rule: {
        ...rule,
        action: refused ? rule.action : refusal,
        filters: kept.map(id),
        ...(origins.length > 0 && { policies: draft.addOrigins(told) }),
      },
      own,
      origins,
      // What the rule says itself is its own problem already.
      faults: faults.filter(({ level }) => !levels.some((each) => each.level === level && each.rank === Rank.Inline)),
    };
  }
  const all = [...plain, ...filters].sort(compareFilters);
  return {
    rule: {
      ...rule,
      ...settingsOf(origins),
      filters: [...new Set(all.map(id))],
      ...(origins.length > 0 && { policies: draft.addOrigins(originsOf(origins, id)) }),
    },
    own,
    origins,
    faults,
  };
}

/** What a rule that is refused keeps: without it a page could not even read that it is a 500. A mirror is no policy, and would forward. */
export function dressesAnswers({ kind }: Filter): boolean {
  return isFilterKey(kind) && placeOf(kind).failure === 'Open';
}

/** A route's own fields stand in the rule already: they are no setting of a level. */
function settingsOf(origins: readonly Origin[]): Partial<Pick<Rule, 'timeouts' | 'retry'>> {
  const settings: { timeouts?: Rule['timeouts']; retry?: NonNullable<Rule['retry']> } = {};
  for (const { key, state } of origins) {
    if (state !== 'Enforced' || key.setting === undefined) continue;
    if (key.setting.key === 'timeouts') settings.timeouts = key.setting.value;
    else if (key.setting.key === 'retry') settings.retry = key.setting.value;
  }
  return settings;
}

function reaches({ sectionName }: AttachedPolicy, section: string | undefined): boolean {
  return sectionName === undefined || sectionName === section;
}

function sameLevels(a: readonly RankedLevel[], b: readonly RankedLevel[]): boolean {
  return a.length === b.length && a.every((each, i) => each.level === b[i]?.level && each.rank === b[i]?.rank);
}
