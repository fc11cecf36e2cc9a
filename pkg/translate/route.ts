/** Processor: HTTPRoutes and GatewayRoutes, by the same code. */
import type { GatewayRoute } from '../api/gatewayroute.ts';
import type { HTTPRoute } from '../api/httproute.ts';
import type { Route } from '../ir/route.ts';
import type { ObjectStatus } from '../status/status.ts';
import { createdOf } from './age.ts';
import { attach, attachmentsOf } from './attach.ts';
import type { Context } from './context.ts';
import type { Draft } from './draft.ts';
import { routeStatus } from './route-status.ts';
import { translateRule } from './rule.ts';
import { isAccepted } from './rule-text.ts';

export interface TranslatedRoute {
  /** undefined: it serves nowhere. */
  readonly route: Route | undefined;
  /** Ids of the listeners that count it as attached. */
  readonly counted: readonly string[];
  readonly status: ObjectStatus;
}

export function translateRoutes(context: Context): void {
  for (const route of [...context.list('HTTPRoute'), ...context.list('GatewayRoute')]) {
    const { route: result, counted, status } = context.translate(route, (draft) => translateRoute(route, draft));
    if (result !== undefined) context.addRoute(result);
    for (const listener of counted) context.countRoute(listener);
    context.addStatus(status);
  }
}

function translateRoute(object: HTTPRoute | GatewayRoute, draft: Draft): TranslatedRoute {
  const parents = attach(object, draft.world);
  // Nobody of ours: what it refers to is not ours to judge, and is not built.
  const rules =
    parents.length === 0 ? [] : (object as GatewayRoute).spec.rules.map((rule, i) => translateRule(rule, i, draft));
  const attachments = attachmentsOf(parents);
  const route: Route = {
    kind: object.kind,
    namespace: object.metadata.namespace,
    name: object.metadata.name,
    created: createdOf(object),
    attachments,
    rules: rules.map(({ rule }) => rule).filter((rule) => rule !== undefined),
  };
  // A rule that is refused stands in the IR even where the route as a whole is not accepted: it answers 500, and no broader
  // route gets requests that a filter of this one was to protect.
  const accepted = isAccepted(rules);
  const counted = accepted ? parents.flatMap(({ attached }) => attached.map(({ listener }) => listener.id)) : [];
  return {
    route: attachments.length > 0 && route.rules.length > 0 ? route : undefined,
    counted: [...new Set(counted)],
    status: routeStatus(object, parents, rules, draft.world),
  };
}
