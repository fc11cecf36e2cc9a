/**
 * Objects without a namespace that a gateway with Roles alone cannot read: its two classes and the watched namespaces, as its options say
 * them. `KubeSource` takes them instead of asking; that they exist at the API server is assumed, and no status of theirs is written.
 */
import { GATEWAY_API_GROUP, type Kind, OUR_GROUP } from '../api/kinds.ts';
import type { RawObject } from '../kube/reflector.ts';

export interface Assumptions {
  readonly namespaces: readonly string[];
  readonly gatewayClass: string;
  readonly ingressClass: string;
  /** `namespace/name` of the GatewayClassConfig of both; `''`: none. */
  readonly classConfig: string;
  readonly controllerName: string;
  readonly ingressControllerName: string;
}

export function assumedObjects(given: Assumptions): ReadonlyMap<Kind, readonly RawObject[]> {
  const [namespace = '', name = ''] = given.classConfig.split('/');
  const config = { kind: 'GatewayClassConfig', name, namespace };
  const configured = given.classConfig !== '';
  return new Map<Kind, readonly RawObject[]>([
    [
      'GatewayClass',
      [
        {
          apiVersion: `${GATEWAY_API_GROUP}/v1`,
          kind: 'GatewayClass',
          metadata: { name: given.gatewayClass },
          spec: {
            controllerName: given.controllerName,
            ...(configured && { parametersRef: { group: OUR_GROUP, ...config } }),
          },
        },
      ],
    ],
    [
      'IngressClass',
      [
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'IngressClass',
          metadata: { name: given.ingressClass },
          spec: {
            controller: given.ingressControllerName,
            ...(configured && { parameters: { apiGroup: OUR_GROUP, scope: 'Namespace', ...config } }),
          },
        },
      ],
    ],
    [
      'Namespace',
      // The label that every Namespace has; its other labels are not known, so a selector by them matches none.
      given.namespaces.map((each) => ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: each, labels: { 'kubernetes.io/metadata.name': each } },
      })),
    ],
  ]);
}
