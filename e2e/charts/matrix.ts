/** Values that people set, and what the chart must make of them. Each case is also given to an API server, where one is up. */
import { type KubeObject, TestNamespace, TestRelease } from './helm.ts';

export interface Case {
  readonly name: string;
  readonly values: object;
  /** `Kind/name` that must be there, or with a leading `!` must not. */
  readonly objects?: readonly string[];
  /** Texts that must stand in the rendered JSON of the workload, or with a leading `!` must not. */
  readonly workload?: readonly string[];
  /** What the API server warns of. */
  readonly warning?: RegExp;
}

const everything = {
  commonLabels: { team: 'edge' },
  commonAnnotations: { owner: 'edge@example.com' },
  image: { registry: 'registry.example.com:5000', digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'pull' }],
  gatewayClass: { annotations: { a: 'b' } },
  ingressClass: { default: true },
  classConfig: { spec: { dataPlane: { limits: { headerCount: 50 } } } },
  defaultCertificate: 'certificates/wildcard.example.com',
  workers: 3,
  observe: true,
  observeClasses: ['nginx'],
  dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
  tolerations: [{ key: 'edge', operator: 'Exists' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'edge', operator: 'Exists' }] }],
      },
    },
  },
  priorityClassName: 'system-cluster-critical',
  podLabels: { x: 'y' },
  podAnnotations: { x: 'y' },
  annotations: { x: 'y' },
  lifecycle: { preStop: { sleep: { seconds: 1 } } },
  extraArgs: ['--transport=socket'],
  extraEnv: [{ name: 'TZ', value: 'UTC' }],
  extraEnvFrom: [{ configMapRef: { name: 'more', optional: true } }],
  extraVolumes: [{ name: 'more', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
  extraContainers: [{ name: 'side', image: 'side:1' }],
  initContainers: [{ name: 'first', image: 'first:1' }],
  serviceAccount: { name: 'edge', annotations: { role: 'edge' } },
  service: {
    loadBalancerClass: 'example.com/lb',
    loadBalancerIP: '192.0.2.1',
    loadBalancerSourceRanges: ['192.0.2.0/24'],
    externalTrafficPolicy: 'Local',
    ipFamilyPolicy: 'PreferDualStack',
    ipFamilies: ['IPv4', 'IPv6'],
    httpNodePort: 30080,
    httpsNodePort: 30443,
    labels: { x: 'y' },
    annotations: { x: 'y' },
  },
  autoscaling: {
    enabled: true,
    targetCPUUtilizationPercentage: 60,
    metrics: [
      { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 80 } } },
    ],
  },
  networkPolicy: {
    metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    trafficFrom: [{ ipBlock: { cidr: '192.0.2.0/24' } }],
  },
  metrics: {
    podMonitor: {
      enabled: true,
      interval: '15s',
      labels: { release: 'prometheus' },
      relabelings: [{ action: 'labelmap' }],
    },
    prometheusRule: { enabled: true, extraRules: [{ alert: 'Mine', expr: 'vector(1)' }] },
    dashboard: { enabled: true, annotations: { folder: 'Edge' } },
  },
  extraObjects: [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-extra' }, data: { a: 'b' } },
  ],
};

const full = `${TestRelease}-suuupra-gateway`;
const clusterWide = `${TestNamespace}.${full}`;

export const cases: readonly Case[] = [
  {
    name: 'defaults',
    values: {},
    objects: [
      `Deployment/${full}`,
      `Service/${full}`,
      `ServiceAccount/${full}`,
      `ClusterRole/${clusterWide}`,
      `Role/${full}-pods`,
      `PodDisruptionBudget/${full}`,
      `NetworkPolicy/${full}`,
      `ValidatingAdmissionPolicy/${clusterWide}`,
      'GatewayClass/suuupra',
      'IngressClass/suuupra',
      `!HorizontalPodAutoscaler/${full}`,
      `!GatewayClassConfig/${full}`,
      `!PodMonitor/${full}`,
    ],
    workload: [
      '"replicas":2',
      '"image":"suuupra-gateway:0.1.0"',
      '--drain-delay=15s',
      `--instance=${full}`,
      '"terminationGracePeriodSeconds":55',
      '"maxUnavailable":0',
      '!--workers',
      '!--observe',
      '!--default-certificate',
    ],
  },
  {
    name: 'everything',
    // The containers that were added say nothing of their rights.
    warning: /would violate PodSecurity.*side/s,
    values: everything,
    objects: [
      `HorizontalPodAutoscaler/${full}`,
      `GatewayClassConfig/${full}`,
      `PodMonitor/${full}`,
      `PrometheusRule/${full}`,
      `ConfigMap/${full}-dashboard`,
      `ConfigMap/${TestRelease}-extra`,
      'ServiceAccount/edge',
    ],
    workload: [
      `"image":"registry.example.com:5000/suuupra-gateway@sha256:${'0'.repeat(64)}"`,
      '--workers=3',
      '--default-certificate=certificates/wildcard.example.com',
      '"--observe"',
      '--observe-classes=nginx',
      '--transport=socket',
      '!"replicas"',
      '"team":"edge"',
    ],
  },
  {
    name: 'a DaemonSet',
    values: { kind: 'DaemonSet', replicaCount: 1 },
    objects: [`DaemonSet/${full}`, `!Deployment/${full}`, `PodDisruptionBudget/${full}`],
    workload: ['"updateStrategy"', '!topologySpreadConstraints', '!"replicas"'],
  },
  {
    name: 'the host’s network',
    warning: /would violate PodSecurity.*host namespaces.*runAsUser=0/s,
    values: { kind: 'DaemonSet', hostNetwork: { enabled: true } },
    objects: [`!Service/${full}`, `GatewayClassConfig/${full}`],
    workload: [
      '"hostNetwork":true',
      '"dnsPolicy":"ClusterFirstWithHostNet"',
      '"add":["NET_BIND_SERVICE"]',
      '"drop":["ALL"]',
      '"runAsUser":0',
      '"runAsNonRoot":false',
      '"maxSurge":0',
      '!--port-map',
      '!--ingress-service',
    ],
  },
  {
    name: 'the host’s network without low ports',
    warning: /would violate PodSecurity.*host namespaces/s,
    values: { hostNetwork: { enabled: true, lowPorts: false } },
    workload: ['"hostNetwork":true', '!NET_BIND_SERVICE', '"runAsNonRoot":true'],
  },
  {
    name: 'namespaces by name',
    values: { watchNamespaces: ['default', 'kube-public'] },
    objects: [
      `Role/${full}`,
      `RoleBinding/${full}`,
      `!ClusterRole/${clusterWide}`,
      `!ClusterRoleBinding/${clusterWide}`,
    ],
    workload: ['--watch-namespaces=default,kube-public', '--gateway-class=suuupra', '!--class-config'],
  },
  {
    name: 'namespaces by name with settings',
    values: {
      watchNamespaces: [TestNamespace],
      classConfig: { name: 'edge', spec: { service: { type: 'NodePort' } } },
    },
    objects: ['GatewayClassConfig/edge'],
    workload: [`--class-config=${TestNamespace}/edge`],
  },
  {
    name: 'as little as possible',
    values: {
      replicaCount: 1,
      gatewayClass: { enabled: false },
      ingressClass: { enabled: false },
      serviceAccount: { create: false },
      rbac: { create: false, aggregate: false },
      admissionPolicy: { enabled: false },
      service: { enabled: false },
      podDisruptionBudget: { enabled: false },
      networkPolicy: { enabled: false },
      lastKnownGood: { enabled: false },
      topologySpreadConstraints: [],
      resources: null,
    },
    objects: [`Deployment/${full}`, `!Service/${full}`, `!ServiceAccount/${full}`, `!NetworkPolicy/${full}`],
    workload: ['"serviceAccountName":"default"', '!last-known-good', '!"resources"'],
  },
  {
    name: 'an observer',
    values: { observe: true, observeClasses: ['nginx'], replicaCount: 1 },
    objects: [`ClusterRole/${clusterWide}`, `!Role/${full}-pods`, `!ValidatingAdmissionPolicy/${clusterWide}`],
    workload: ['--observe-classes=nginx'],
  },
  {
    name: 'a ServiceMonitor',
    values: { metrics: { serviceMonitor: { enabled: true, interval: '30s' } } },
    objects: [`ServiceMonitor/${full}`, `Service/${full}-metrics`],
  },
  {
    name: 'a node port',
    values: {
      service: { type: 'NodePort', httpNodePort: 30081 },
      fullnameOverride: 'edge',
      namespaceOverride: 'default',
    },
    objects: ['Service/edge', 'Deployment/edge'],
    workload: ['--ingress-service=default/edge'],
  },
  {
    name: 'an address inside the cluster',
    values: { service: { type: 'ClusterIP' }, nameOverride: 'edge' },
    objects: [`Service/${TestRelease}-edge`],
  },
];

/** Values that cannot work, and what helm must say. */
export const refused: readonly { readonly name: string; readonly values: object; readonly says: RegExp }[] = [
  { name: 'a typing error', values: { replicaCoun: 3 }, says: /replicaCoun/ },
  { name: 'a typing error deeper down', values: { service: { typ: 'NodePort' } }, says: /typ/ },
  {
    name: 'a type that does not exist',
    values: { service: { type: 'Balancer' } },
    says: /service\/type|service\.type/,
  },
  { name: 'a text for a number', values: { replicaCount: 'two' }, says: /replicaCount/ },
  { name: 'a digest that is none', values: { image: { digest: 'sha256:abc' } }, says: /image\/digest|image\.digest/ },
  { name: 'a namespace that is none', values: { watchNamespaces: ['Shop'] }, says: /watchNamespaces/ },
  {
    name: 'a DaemonSet with an autoscaler',
    values: { kind: 'DaemonSet', autoscaling: { enabled: true } },
    says: /set kind: Deployment/,
  },
  {
    name: 'an autoscaler upside down',
    values: { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 2 } },
    says: /minReplicas is larger/,
  },
  {
    name: 'two monitors',
    values: { metrics: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } },
    says: /scraped twice/,
  },
  {
    name: 'settings that it may not read',
    values: { watchNamespaces: ['shop'], classConfig: { name: 'edge' } },
    says: /add it to watchNamespaces/,
  },
  {
    name: 'a default certificate that it may not read',
    values: { watchNamespaces: ['shop'], defaultCertificate: 'wildcard' },
    says: /defaultCertificate: .*add it to watchNamespaces/,
  },
  {
    name: 'a default certificate with two slashes',
    values: { defaultCertificate: 'a/b/c' },
    says: /defaultCertificate/,
  },
  { name: 'too little grace', values: { terminationGracePeriodSeconds: 20 }, says: /killed while they drain/ },
];

/** What a case misses, in words; empty if all is there. */
export function missed({ objects = [], workload = [] }: Case, rendered: readonly KubeObject[]): string[] {
  const names = new Set(rendered.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  const text = JSON.stringify(rendered.find(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet'));
  const absent = (wanted: string, has: (text: string) => boolean) =>
    wanted.startsWith('!') ? has(wanted.slice(1)) : !has(wanted);
  return [
    ...objects.filter((wanted) => absent(wanted, (name) => names.has(name))),
    ...workload.filter((wanted) => absent(wanted, (part) => text.includes(part))),
  ];
}
