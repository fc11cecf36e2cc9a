/** Policies on the rules of an Ingress: those of its class, of the Gateway it is attached to, and its own. */
import type { Ingress } from '../api/core.ts';
import type { Attachment, Route } from '../ir/route.ts';
import type { Context } from './context.ts';
import { Draft, mergeOutputs } from './draft.ts';
import type { RankedLevel } from './effective.ts';
import type { Place } from './ingress-place.ts';
import type { PolicyUse } from './policy-use.ts';
import { applyPolicies, levelsOfListener, placesBy } from './rule-policies.ts';

type Entries = readonly (readonly [id: string, route: Route])[];

interface Applied {
  readonly routes: Entries;
  readonly uses: readonly PolicyUse[];
}

/**
 * @param config GatewayClassConfig of its class
 * @param routes as they were before
 */
export function ingressPolicies(
  ingress: Ingress,
  config: { readonly namespace: string; readonly name: string } | undefined,
  routes: Entries,
  place: Place,
  context: Context,
): Applied {
  const { namespace, name } = ingress.metadata;
  const own = context.policies('Ingress', namespace, name);
  const ofClass = config === undefined ? [] : context.policies('GatewayClassConfig', config.namespace, config.name);
  // A virtual listener has taken the hostname of another, and with it all that protected it there.
  const shadowed = new Map([...place.virtual].map(({ id, shadows }) => [id, shadows?.id]));
  const protecting = ({ listener }: Attachment): string => shadowed.get(listener) ?? listener;
  const levelsAt = (attachment: Attachment): readonly RankedLevel[] => [
    ...new Set([...ofClass, ...levelsOfListener(protecting(attachment), context)]),
  ];
  const draft = new Draft(ingress, context);
  const uses: PolicyUse[] = [];
  const result = routes.flatMap(([id, route]): Entries => {
    // A redirect to HTTPS has to come before credentials are asked for, and its use is that of the route it leads to. It is not for everything:
    // what it lets through (`exemptPrefixes`) is served, and by the same policies.
    const redirects = route.rules.every(({ filters }) => filters.length > 0);
    const places = placesBy(route.attachments, levelsAt);
    return places.map(({ attachments, upper }, i) => {
      const listeners = [...new Set(attachments.map(protecting))];
      const rules = route.rules.map((rule) => {
        const plain = redirects ? { ...rule, filters: [] } : rule;
        const applied = applyPolicies({ name: undefined, levels: [], plain: [] }, plain, upper, own, draft);
        if (redirects) return { ...applied.rule, filters: [...rule.filters, ...applied.rule.filters] };
        const { origins, faults } = applied;
        const partial = places.length > 1;
        const { index } = rule;
        if (origins.length > 0)
          uses.push({ object: ingress, index, rule: String(index), listeners, own, partial, origins, faults });
        return applied.rule;
      });
      return [i === 0 ? id : `${id}@${attachments[0]?.listener}`, { ...route, attachments, rules }];
    });
  });
  mergeOutputs(context.outputs, draft.outputs);
  return { routes: result, uses };
}
