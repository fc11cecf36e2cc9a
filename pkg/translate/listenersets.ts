/** ListenerSets: which belong to a Gateway, which of them it lets in, and what becomes of their listeners. Used by gateway.ts. */
import type { Gateway, Listener, ListenerSet } from '../api/gatewayapi.ts';
import { GATEWAY_API_GROUP } from '../api/kinds.ts';
import { matchesSelector } from '../api/selector.ts';
import type { Problem } from '../status/problem.ts';
import { byAge } from './age.ts';
import { findOverlaps, findSetConflicts } from './conflicts.ts';
import type { Context } from './context.ts';
import { type FrontendValidation, translateFrontendTls } from './frontend-tls.ts';
import { draftListeners, type TranslatedListener, translateListener } from './listeners.ts';
import type { World } from './world.ts';

export interface TranslatedSet {
  readonly set: ListenerSet;
  /** The Gateway does not let it in: nothing of it is served. */
  readonly refusal: Problem | undefined;
  readonly listeners: readonly TranslatedListener[];
}

/** By `namespace/name` of the Gateway they name, oldest first: the order of precedence. */
export function setsByGateway(world: Pick<World, 'list'>): ReadonlyMap<string, readonly ListenerSet[]> {
  const sets = new Map<string, ListenerSet[]>();
  for (const set of world.list('ListenerSet').toSorted(byAge)) {
    const { group, kind, name, namespace = set.metadata.namespace } = set.spec.parentRef;
    if (group !== GATEWAY_API_GROUP || kind !== 'Gateway') continue;
    const key = `${namespace}/${name}`;
    const others = sets.get(key);
    if (others === undefined) sets.set(key, [set]);
    else others.push(set);
  }
  return sets;
}

export interface TranslatedSets {
  readonly sets: readonly TranslatedSet[];
  /** Of the Gateway's listeners and those of its sets. */
  readonly overlaps: ReadonlyMap<Listener, string>;
}

export function translateSets(gateway: Gateway, sets: readonly ListenerSet[], context: Context): TranslatedSets {
  const refusals = new Map(sets.map((set) => [set, refusalOf(set, gateway, context)]));
  const own = { listeners: gateway.spec.listeners, of: ` of Gateway ${nameOf(gateway)}` };
  const groups = sets
    .filter((set) => refusals.get(set) === undefined)
    .map((set) => ({ listeners: set.spec.listeners, of: ` of ListenerSet ${nameOf(set)}` }));
  const conflicts = findSetConflicts(own, groups);
  const overlaps = findOverlaps([...own.listeners, ...groups.flatMap(({ listeners }) => listeners)]);
  const translated = sets.map((set) => {
    const refusal = refusals.get(set);
    const drafts = context.translate(set, (draft) => draftListeners(set.spec.listeners, draft));
    const listeners = drafts.map((listener) => {
      const { spec, protocol } = listener;
      const conflict = conflicts.get(spec);
      return translateListener(listener, {
        conflict,
        overlap: overlaps.get(spec),
        frontend:
          protocol === 'HTTPS' && refusal === undefined && conflict === undefined
            ? frontendOf(gateway, spec.port, listener.path, context)
            : undefined,
      });
    });
    return { set, refusal, listeners };
  });
  return { sets: translated, overlaps };
}

/**
 * "The FrontendTLSConfig of the Gateway" holds for listeners of sets, too. What is wrong with it stands in another object: messages say in which.
 * @param path of the listener
 */
function frontendOf(gateway: Gateway, port: number, path: string, context: Context): FrontendValidation | undefined {
  const found = context.translate(
    gateway,
    (draft) => ({ validation: translateFrontendTls(gateway, port, draft) }),
    `frontend ${port}`,
  ).validation;
  if (found === undefined) return undefined;
  const moved = (problem: Problem): Problem => ({
    ...problem,
    path,
    message: `${problem.path} of Gateway ${nameOf(gateway)}: ${problem.message}`,
  });
  return {
    client: found.client,
    problems: found.problems.map(moved),
    ...(found.notAccepted === undefined ? {} : { notAccepted: moved(found.notAccepted) }),
  };
}

function refusalOf(set: ListenerSet, gateway: Gateway, world: World): Problem | undefined {
  const { from = 'None', selector } = gateway.spec.allowedListeners?.namespaces ?? {};
  const { namespace } = set.metadata;
  if (from === 'All' || (from === 'Same' && namespace === gateway.metadata.namespace)) return undefined;
  const object = from === 'Selector' ? world.get('Namespace', '', namespace) : undefined;
  if (object !== undefined && matchesSelector(selector, object.metadata.labels)) return undefined;
  const allowed =
    from === 'None' ? 'takes no ListenerSets' : `takes no ListenerSets from namespace ${namespace} (from: ${from})`;
  const message = `Gateway ${nameOf(gateway)} ${allowed}; allow it in spec.allowedListeners of the Gateway`;
  return { path: 'spec.parentRef', reason: 'NotAllowed', message };
}

function nameOf({ metadata }: Gateway | ListenerSet): string {
  return `${metadata.namespace}/${metadata.name}`;
}
