/** Kinds with a `status` subresource that the gateway writes. */
import type { Kind } from '../api/kinds.ts';

export const WrittenKinds: ReadonlySet<Kind> = new Set<Kind>([
  'GatewayClass',
  'Gateway',
  'ListenerSet',
  'HTTPRoute',
  'Ingress',
  'GatewayRoute',
  'Backend',
  'GatewayClassConfig',
  'GatewayPolicy',
  'APIKey',
]);
