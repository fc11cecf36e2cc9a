/** Values that shape the pods. */
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

export const podValues: Values = {
  image: group('The image of the gateway.', {
    registry: text(
      '',
      'Host of the registry, with a port if it needs one. Empty: the default of the container runtime.',
    ),
    repository: text('suuupra-gateway', 'Repository in that registry.', '.+'),
    tag: text('', 'Tag; the version of the chart’s app if empty.'),
    digest: text('', 'Digest such as sha256:…, which wins over the tag.', '^(sha256:[0-9a-f]{64})?$'),
    pullPolicy: choice(['IfNotPresent', 'Always', 'Never'], 'When the image is pulled.'),
  }),
  imagePullSecrets: pieces('Secrets of the release’s namespace with credentials of the registry: a list of {name}.'),
  kind: choice(
    ['Deployment', 'DaemonSet'],
    'What runs the pods: replicas that the scheduler spreads, or one on each node.',
  ),
  replicaCount: integer(2, 0, 1000, 'Pods of the Deployment, unless the autoscaler is on.'),
  updateStrategy: piece(
    'How pods are replaced. Empty: a new one is ready before an old one goes; on the host’s network an old one goes first, since two cannot share its ports.',
  ),
  minReadySeconds: integer(0, 0, 3600, 'How long a pod must be ready before the next one is replaced.'),
  revisionHistoryLimit: integer(10, 0, 100, 'Old ReplicaSets or revisions that are kept.'),
  terminationGracePeriodSeconds: optionalInteger(
    0,
    90_000,
    'Grace period of the pod. Unset: drain.delaySeconds + drain.timeoutSeconds + 10.',
  ),
  hostNetwork: group('Listen on the addresses of the node itself instead of behind a Service, for bare metal.', {
    enabled: flag(false, 'Whether it is on. The namespace must allow it (Pod Security level privileged).'),
    lowPorts: flag(
      true,
      'Whether ports below 1024 are bound, such as 80 and 443. That takes root inside the container with one single capability, NET_BIND_SERVICE. With false the pods stay non-root, and a node must allow low ports by net.ipv4.ip_unprivileged_port_start.',
    ),
  }),
  dnsPolicy: text('', 'DNS policy of the pods. Empty: ClusterFirst, on the host’s network ClusterFirstWithHostNet.'),
  dnsConfig: piece('DNS configuration of the pods.'),
  resources: piece(
    'CPU and memory. The workers follow the CPU limit and their heaps the memory limit: without a CPU limit there is one for each CPU of the node.',
    {
      requests: { cpu: '250m', memory: '256Mi' },
      limits: { cpu: '2', memory: '1Gi' },
    },
  ),
  podSecurityContext: piece('Security context of the pods; the default fulfils the Pod Security level restricted.', {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    fsGroup: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  }),
  securityContext: piece('Security context of the container.', {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  }),
  startupProbe: piece('Fields of the startup probe, on /livez.', { periodSeconds: 1, failureThreshold: 60 }),
  livenessProbe: piece('Fields of the liveness probe, on /livez.', {
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 6,
  }),
  readinessProbe: piece('Fields of the readiness probe, on /readyz.', {
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 2,
  }),
  lifecycle: piece('Lifecycle hooks of the container. None is needed: the gateway drains by itself on SIGTERM.'),
  nodeSelector: texts('Labels that a node must have.', { 'kubernetes.io/os': 'linux' }),
  affinity: piece('Affinity of the pods.'),
  tolerations: pieces('Tolerations of the pods.'),
  topologySpreadConstraints: pieces(
    'How pods are spread. A constraint without labelSelector gets that of the release.',
    [
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
  ),
  priorityClassName: text('', 'Priority class of the pods; system-cluster-critical lets them displace others.'),
  runtimeClassName: text('', 'Runtime class of the pods.'),
  podLabels: texts('Labels of the pods, besides those of the chart.'),
  podAnnotations: texts('Annotations of the pods.'),
  annotations: texts('Annotations of the Deployment or DaemonSet.'),
  extraArgs: textList('More options of the gateway, such as --transport=socket (docs/reference/flags.md).'),
  extraEnv: pieces('More environment variables.'),
  extraEnvFrom: pieces('More sources of environment variables.'),
  extraVolumes: pieces('More volumes.'),
  extraVolumeMounts: pieces('Where the gateway’s container mounts them.'),
  extraContainers: pieces('More containers of the pod.'),
  initContainers: pieces('Containers that run before the gateway starts.'),
};
