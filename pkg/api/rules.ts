/** The rules across fields, by kind: what the CRDs have as CEL, and the API server as code. Used by validate.ts. */
import { checkAPIKey } from './apikey-rules.ts';
import { checkBackend, checkGatewayClassConfig } from './backend-rules.ts';
import {
  checkConfigMap,
  checkEndpointSlice,
  checkIngress,
  checkIngressClass,
  checkSecret,
  checkService,
} from './core-rules.ts';
import { checkGateway, checkListeners } from './gateway-rules.ts';
import type { Kind, ObjectOf } from './kinds.ts';
import { checkGatewayPolicy, checkPolicies } from './policy-rules.ts';
import type { Findings } from './problem.ts';
import { checkRoute } from './route-rules.ts';

/** "the total number of matches across all rules in a route must be less than 128" (the rule itself allows 128) */
const HTTP_ROUTE_MATCHES = 128;
const GATEWAY_ROUTE_MATCHES = 256;

type Rules = { readonly [K in Kind]: ((body: ObjectOf<K>, findings: Findings) => void) | undefined };

/** Called with an object whose structure is right, findings at its root. GatewayClass' only rule, immutability, is translate's to see. */
export const RULES: Rules = {
  GatewayClass: undefined,
  Gateway: ({ spec }, findings) => within('spec', findings, () => checkGateway(spec, findings)),
  ListenerSet: ({ spec }, findings) => within('spec', findings, () => checkListeners(spec.listeners, findings)),
  HTTPRoute: ({ spec }, findings) => within('spec', findings, () => checkRoute(spec, HTTP_ROUTE_MATCHES, findings)),
  ReferenceGrant: undefined,
  Ingress: checkIngress,
  IngressClass: checkIngressClass,
  Service: checkService,
  EndpointSlice: checkEndpointSlice,
  Secret: checkSecret,
  ConfigMap: checkConfigMap,
  Namespace: undefined,
  GatewayRoute: ({ spec }, findings) =>
    within('spec', findings, () => {
      checkRoute(spec, GATEWAY_ROUTE_MATCHES, findings);
      within('rules', findings, () =>
        spec.rules.forEach(({ policies = {} }, i) =>
          within(i, findings, () => within('policies', findings, () => checkPolicies(policies, findings))),
        ),
      );
    }),
  GatewayPolicy: ({ spec }, findings) => within('spec', findings, () => checkGatewayPolicy(spec, findings)),
  Backend: ({ spec }, findings) => within('spec', findings, () => checkBackend(spec, findings)),
  GatewayClassConfig: ({ spec }, findings) =>
    within('spec', findings, () => {
      checkGatewayClassConfig(spec, findings);
      const { policies = {} } = spec.defaults ?? {};
      within('defaults', findings, () => within('policies', findings, () => checkPolicies(policies, findings)));
    }),
  APIKey: ({ spec }, findings) => within('spec', findings, () => checkAPIKey(spec, findings)),
};

function within(field: string | number, findings: Findings, check: () => void): void {
  findings.enter(field);
  check();
  findings.leave();
}
