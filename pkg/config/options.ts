/** Every option of the gateway, once: flags, environment, file keys, `--help`, the reference page and the type of Config are made from this table. */
import * as read from './value.ts';

export interface Option<T> {
  /** How the value is shown: `HOST:PORT`. */
  readonly form: string;
  /** As text, read like any other; null: there is none, and the value is null. */
  readonly fallback: string | null;
  readonly help: string;
  /** A flag that needs no value. */
  readonly bare?: true;
  readonly read: (raw: string) => read.Read<T>;
}

/** By file key; the flag is its kebab-case (`--admin-address`), the environment variable `SUUUPRA_ADMIN_ADDRESS`. */
export const options = {
  directory: option({
    form: 'DIR',
    fallback: null,
    help: 'Read manifests from this directory and its subdirectories, and follow every change. Absent: read them from a Kubernetes API server.',
    read: read.text,
  }),
  kubeconfig: option({
    form: 'FILE',
    fallback: null,
    help: 'Without --directory: how to reach the API server, through its proxy-url if it has one. Absent: the ServiceAccount of the pod, or the usual kubeconfig outside of one.',
    read: read.text,
  }),
  context: option({
    form: 'NAME',
    fallback: null,
    help: 'Context of the kubeconfig; absent: its current one.',
    read: read.text,
  }),
  watchNamespaces: option({
    form: 'LIST',
    fallback: '',
    help: 'Read objects of these namespaces only, so that Roles in them are enough. Empty: all namespaces.',
    read: read.namespaces,
  }),
  gatewayClass: option({
    form: 'NAME',
    fallback: 'suuupra',
    help: 'With --watch-namespaces: the GatewayClass that is served, since Roles let no GatewayClass be read.',
    read: read.text,
  }),
  ingressClass: option({
    form: 'NAME',
    fallback: 'suuupra',
    help: 'With --watch-namespaces: the IngressClass that is served, for the same reason.',
    read: read.text,
  }),
  classConfig: option({
    form: 'NAMESPACE/NAME',
    fallback: '',
    help: 'With --watch-namespaces: the GatewayClassConfig of both classes, in a watched namespace. Empty: the defaults.',
    read: read.objectName,
  }),
  instance: option({
    form: 'NAME',
    fallback: 'suuupra-gateway',
    help: 'Name of this installation. Pods of one name and namespace are one gateway: they share a leader, and count each other.',
    read: read.instance,
  }),
  podNamespace: option({
    form: 'NAME',
    fallback: null,
    help: 'Namespace of this pod, for its Leases. By the downward API, as the three below.',
    read: read.text,
  }),
  podName: option({ form: 'NAME', fallback: null, help: 'Name of this pod.', read: read.text }),
  podIp: option({
    form: 'ADDRESS',
    fallback: null,
    help: 'Address of this pod, at which the EndpointSlices of Gateways point; with two families both, with a comma.',
    read: read.text,
  }),
  nodeName: option({
    form: 'NAME',
    fallback: null,
    help: 'Node of this pod: without it Services with externalTrafficPolicy Local do not find the pod.',
    read: read.text,
  }),
  ingressService: option({
    form: 'NAMESPACE/NAME',
    fallback: '',
    help: 'The Service in front of Ingresses: its addresses become those of every Ingress. Empty: none is known.',
    read: read.objectName,
  }),
  defaultCertificate: option({
    form: 'NAMESPACE/NAME',
    fallback: '',
    help: 'Secret of type kubernetes.io/tls for the tls entries of Ingresses whose own is missing or broken, and for all hosts that no other certificate is for. Empty: TLS is refused for them.',
    read: read.objectName,
  }),
  massDeleteHold: option({
    form: 'DURATION',
    fallback: '30s',
    help: 'How long the configuration is kept when a CRD was deleted, or more than half of a kind is suddenly gone.',
    read: read.duration,
  }),
  observe: option({
    form: 'true|false',
    fallback: 'false',
    bare: true,
    help: 'Serve nothing and write nothing; only report what would be served and what refused: in the log, and at /debug.',
    read: read.boolean,
  }),
  observeClasses: option({
    form: 'LIST',
    fallback: '',
    help: 'With --observe: GatewayClasses and IngressClasses of another controller to judge, such as nginx. Empty: those of this gateway.',
    read: read.classes,
  }),
  addresses: option({
    form: 'LIST|CIDR',
    fallback: '',
    help: 'Addresses for Gateways: each gets one, in the order of age. Without it every Gateway listens on all addresses.',
    read: read.addresses,
  }),
  portMap: option({
    form: 'PORT:PORT,…',
    fallback: '',
    help: 'Bind another port than the listener says, e.g. 80:8080,443:8443 without the right to bind low ports.',
    read: read.portMap,
  }),
  adminAddress: option({
    form: 'HOST:PORT|off',
    fallback: '127.0.0.1:9901',
    help: 'Where /livez, /readyz, /metrics and /debug/* answer. Shows configuration: keep it private.',
    read: read.hostPortOrOff,
  }),
  healthAddress: option({
    form: 'HOST:PORT|off',
    fallback: 'off',
    help: 'Where only /livez, /readyz and /metrics answer, for probes and scrapers.',
    read: read.hostPortOrOff,
  }),
  workers: option({
    form: 'N|auto|0',
    fallback: 'auto',
    help: 'Threads that proxy. auto: the CPUs this process may use. 0: everything in one thread.',
    read: read.workers,
  }),
  accessLog: option({
    form: 'stdout|off|FILE',
    fallback: 'stdout',
    help: 'Where the access log goes, one JSON object a line. A FILE is opened anew on SIGHUP.',
    read: read.accessLog,
  }),
  logLevel: option({
    form: 'LEVEL',
    fallback: 'info',
    help: 'trace, debug, info, warn, error or fatal. The process log goes to stderr.',
    read: read.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
  }),
  logFormat: option({
    form: 'auto|json|text',
    fallback: 'auto',
    help: 'Form of the process log. auto: text on a terminal, JSON elsewhere.',
    read: read.oneOf('auto', 'json', 'text'),
  }),
  drainDelay: option({
    form: 'DURATION',
    fallback: '5s',
    help: 'After SIGTERM: how long connections are still accepted, until load balancers have noticed. SIGINT does not wait.',
    read: read.duration,
  }),
  drainTimeout: option({
    form: 'DURATION',
    fallback: '20s',
    help: 'After that: how long running requests and tunnels may take to end.',
    read: read.duration,
  }),
  geoipDatabase: option({
    form: 'FILE',
    fallback: null,
    help: 'Database of countries in MaxMind’s format (MMDB), for policies that ask where a client comes from. Read again when it changes.',
    read: read.text,
  }),
  allowLoopbackEndpoints: option({
    form: 'true|false',
    fallback: null,
    bare: true,
    help: 'Allow endpoints on loopback addresses. On with --directory unless set to false.',
    read: read.boolean,
  }),
  transport: option({
    form: 'auto|socket|handle',
    fallback: 'auto',
    help: 'How bytes are moved. auto: the fast one if its self-test passes, else the one on the documented API.',
    read: read.oneOf('auto', 'socket', 'handle'),
  }),
  lastKnownGood: option({
    form: 'FILE|off',
    fallback: 'off',
    help: 'Keep the configuration that was served last in this file, and start from it when the source does not answer.',
    read: read.fileOrOff,
  }),
  lastKnownGoodKeys: option({
    form: 'true|false',
    fallback: 'true',
    bare: true,
    help: 'Whether that file (mode 0600) holds private keys; without them HTTPS waits for the source.',
    read: read.boolean,
  }),
} as const;

export type OptionKey = keyof typeof options;

export function flagOf(key: string): string {
  return `--${kebab(key)}`;
}

export function variableOf(key: string): string {
  return `SUUUPRA_${kebab(key).replaceAll('-', '_').toUpperCase()}`;
}

function option<T>(option: Option<T>): Option<T> {
  return option;
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
