/** Values for what stands around the pods: identity and rights, the Service, scaling, disruption, network policy. */
import {
  choice,
  flag,
  group,
  integer,
  optionalInteger,
  piece,
  pieces,
  text,
  textList,
  texts,
  type Values,
} from './value.ts';

const address = '^[0-9a-fA-F.:]*$';

export const clusterValues: Values = {
  serviceAccount: group('The identity of the pods.', {
    create: flag(true, 'Whether the chart creates it.'),
    name: text('', 'Its name; the full name of the release if empty, or default if none is created.'),
    annotations: texts('Annotations of the ServiceAccount.'),
  }),
  rbac: group('Rights. docs/install.md says what each one is for.', {
    create: flag(true, 'Whether the chart creates the roles of the gateway and their bindings.'),
    aggregate: flag(true, 'Whether the roles view, edit and admin include our kinds, so that app teams may use them.'),
  }),
  admissionPolicy: group(
    'A ValidatingAdmissionPolicy: whatever its role says, the ServiceAccount may write only Services and EndpointSlices that carry the label of the gateway.',
    { enabled: flag(true, 'Whether the chart creates it.') },
  ),
  service: group(
    'The Service through which Ingresses are reached. Each Gateway gets a Service of its own, made by the gateway.',
    {
      enabled: flag(true, 'Whether the chart creates it.'),
      type: choice(['LoadBalancer', 'NodePort', 'ClusterIP'], 'Its type.'),
      httpPort: integer(80, 1, 65_535, 'Port for HTTP.'),
      httpsPort: integer(443, 1, 65_535, 'Port for HTTPS.'),
      httpNodePort: optionalInteger(1, 65_535, 'Port of the nodes for HTTP; unset: Kubernetes picks one.'),
      httpsNodePort: optionalInteger(1, 65_535, 'Port of the nodes for HTTPS.'),
      loadBalancerClass: text('', 'Class of the load balancer; empty: the default of the cluster.'),
      loadBalancerIP: text('', 'Address that is asked for, where the load balancer heeds it.', address),
      loadBalancerSourceRanges: textList('Clients that the load balancer lets through, as CIDRs; empty: all.'),
      externalTrafficPolicy: choice(
        ['Cluster', 'Local'],
        'Local keeps the address of the client, and only nodes with a pod answer.',
      ),
      ipFamilyPolicy: text(
        '',
        'SingleStack, PreferDualStack or RequireDualStack; empty: the default of the cluster.',
        '^(SingleStack|PreferDualStack|RequireDualStack)?$',
      ),
      ipFamilies: textList('IPv4, IPv6 or both, in order.', [], '^IPv[46]$'),
      labels: texts('Labels of the Service.'),
      annotations: texts('Annotations of the Service, which most load balancers read.'),
    },
  ),
  autoscaling: group('A HorizontalPodAutoscaler for the Deployment.', {
    enabled: flag(false, 'Whether the chart creates it.'),
    minReplicas: integer(2, 1, 1000, 'Pods at least.'),
    maxReplicas: integer(10, 1, 1000, 'Pods at most.'),
    targetCPUUtilizationPercentage: optionalInteger(
      1,
      1000,
      'CPU in percent of the request that is aimed at. Unset: 70 if there are no other metrics.',
    ),
    metrics: pieces('More metrics, as in autoscaling/v2.'),
    behavior: piece('How fast it scales. The default removes one pod a minute, since each one drains.', {
      scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    }),
  }),
  podDisruptionBudget: group('A PodDisruptionBudget, made when there is more than one pod.', {
    enabled: flag(true, 'Whether the chart creates it.'),
    maxUnavailable: integer(1, 0, 1000, 'Pods that may be away at the same time when nodes are drained.'),
    unhealthyPodEvictionPolicy: choice(
      ['AlwaysAllow', 'IfHealthyBudget'],
      'Whether pods that are not ready hold up the drain of a node.',
    ),
  }),
  networkPolicy: group(
    'A NetworkPolicy for the pods: traffic and probes may come in, nothing else. What they call is not limited.',
    {
      enabled: flag(true, 'Whether the chart creates it. It has no effect on the host’s network.'),
      metricsFrom: pieces(
        'Who may reach /metrics and the probes on port 9902, as peers of a NetworkPolicy; empty: everyone.',
      ),
      trafficFrom: pieces('Who may reach the listeners; empty: everyone.'),
    },
  ),
};
