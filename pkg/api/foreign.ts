/** What to say of an object whose kind the gateway does not read: nothing to do with us, not in this release, or mistyped. Used by validate.ts. */
import { apiVersionOf, GATEWAY_API_GROUP, isKind, KINDS, OUR_GROUP } from './kinds.ts';
import { nearest } from './nearest.ts';
import { type FieldProblem, quote } from './problem.ts';

/** Kinds that exist in Gateway API v1.6 and do nothing here. */
const NOT_IN_THIS_RELEASE: ReadonlySet<string> = new Set([
  'BackendTLSPolicy',
  'GRPCRoute',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
]);

/** A mistake, or a text for the log about an object that is left alone. */
export function explainForeign(apiVersion: string, group: string, kind: string): FieldProblem | string {
  if (isKind(kind) && isOldGroup(group, KINDS[kind].group)) {
    return {
      path: 'apiVersion',
      message: `${quote(apiVersion)} is not the group of ${kind}`,
      hint: `use ${apiVersionOf(KINDS[kind])}`,
    };
  }
  const siblings = Object.entries(KINDS).flatMap(([name, facts]) => (facts.group === group ? [name] : []));
  const guess = nearest(kind, siblings);
  if (guess?.toLowerCase() === kind.toLowerCase()) return unknownKind(apiVersion, kind, `did you mean ${guess}?`);
  if (group === GATEWAY_API_GROUP && NOT_IN_THIS_RELEASE.has(kind)) {
    return `${kind} is not supported by this release, the object has no effect`;
  }
  if (group === GATEWAY_API_GROUP || group === OUR_GROUP) {
    return unknownKind(
      apiVersion,
      kind,
      guess === undefined ? `use one of ${siblings.join(', ')}` : `did you mean ${guess}?`,
    );
  }
  return `${kind} of ${apiVersion} is not a kind that the gateway reads`;
}

function unknownKind(apiVersion: string, kind: string, hint: string): FieldProblem {
  return { path: 'kind', message: `${quote(kind)} is not a kind of ${apiVersion}`, hint };
}

/** `extensions/v1beta1 Ingress` and `gateway.suuupra.dev/v1 GatewayRoute` are old or mistyped; `serving.knative.dev/v1 Service` is another kind. */
function isOldGroup(group: string, wanted: string): boolean {
  if (wanted === 'networking.k8s.io' && group === 'extensions') return true;
  return group !== '' && wanted !== '' && group.split('.')[0] === wanted.split('.')[0];
}
