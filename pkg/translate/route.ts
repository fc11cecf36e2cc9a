/** Processor: HTTPRoutes and GatewayRoutes, by the same code. */
import type { GatewayRoute } from '../api/gatewayroute.ts';
import type { HTTPRoute } from '../api/httproute.ts';
import type { Route } from '../ir/route.ts';
import type { ObjectStatus } from '../status/status.ts';
import { createdOf } from './age.ts';
import { attach, attachmentsOf } from './attach.ts';
import type { Context } from './context.ts';
import type { Draft } from './draft.ts';
import type { PolicyUse } from './policy-use.ts';
import { routeStatus } from './route-status.ts';
import { translateRule } from './rule.ts';
import { applyPolicies, placesOf } from './rule-policies.ts';
import { isAccepted, ruleName } from './rule-text.ts';

export interface TranslatedRoute {
  /** One for all listeners, unless other policies reach it at some: then one for each such set, by what is added to its id. */
  readonly routes: readonly Route[];
  /** Ids of the listeners that count it as attached. */
  readonly counted: readonly string[];
  readonly status: ObjectStatus;
  /** What each policy comes to here. */
  readonly uses: readonly PolicyUse[];
}

export function translateRoutes(context: Context): readonly PolicyUse[] {
  const uses: PolicyUse[] = [];
  for (const route of [...context.list('HTTPRoute'), ...context.list('GatewayRoute')]) {
    const translated = context.translate(route, (draft) => translateRoute(route, draft));
    for (const result of translated.routes) context.addRoute(result);
    for (const listener of translated.counted) context.countRoute(listener);
    context.addStatus(translated.status);
    for (const use of translated.uses) uses.push(use);
  }
  return uses;
}

function translateRoute(object: HTTPRoute | GatewayRoute, draft: Draft): TranslatedRoute {
  const parents = attach(object, draft.world);
  // Nobody of ours: what it refers to is not ours to judge, and is not built.
  const rules =
    parents.length === 0 ? [] : (object as GatewayRoute).spec.rules.map((rule, i) => translateRule(rule, i, draft));
  const { namespace, name } = object.metadata;
  const policies = draft.world.policies(object.kind, namespace, name);
  const places = placesOf(attachmentsOf(parents), draft.world);
  const routes: Route[] = [];
  const uses: PolicyUse[] = [];
  for (const { attachments, upper } of places) {
    // A rule that is refused stands in the IR even where the route as a whole is not accepted: it answers 500, and no broader
    // route gets requests that a filter of this one was to protect.
    const applied = rules.flatMap((each) => {
      const { rule } = each;
      if (rule === undefined) return [];
      const result = applyPolicies(each, rule, upper, policies, draft);
      if (result.origins.length > 0)
        uses.push({
          object,
          index: each.index,
          rule: ruleName(each),
          listeners: attachments.map(({ listener }) => listener),
          own: result.own,
          partial: places.length > 1,
          origins: result.origins,
          faults: result.faults,
        });
      return [result.rule];
    });
    if (applied.length > 0)
      routes.push({ kind: object.kind, namespace, name, created: createdOf(object), attachments, rules: applied });
  }
  const accepted = isAccepted(rules);
  const counted = accepted ? parents.flatMap(({ attached }) => attached.map(({ listener }) => listener.id)) : [];
  return {
    routes,
    counted: [...new Set(counted)],
    status: routeStatus(object, parents, rules, { world: draft.world, policies, uses }),
    uses,
  };
}
