/** Values that say what the gateway serves and how it behaves. */
import { choice, flag, group, integer, optionalInteger, piece, text, textList, texts, type Values } from './value.ts';

/** A namespace or another name that must be a DNS label. */
const label = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';
const className = '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$';
/** `name` or `namespace/name`. */
const objectName = '^(([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$';
const duration = '^(0|([0-9]{1,5}(h|ms|m|s)){1,4})$';

export const gatewayValues: Values = {
  gatewayClass: group('The GatewayClass whose Gateways are served.', {
    enabled: flag(true, 'Whether the chart creates it. It needs the CRDs of Gateway API.'),
    name: text('suuupra', 'Its name.', className),
    annotations: texts('Annotations of the GatewayClass.'),
  }),
  ingressClass: group('The IngressClass whose Ingresses are served.', {
    enabled: flag(true, 'Whether the chart creates it.'),
    name: text('suuupra', 'Its name.', className),
    default: flag(false, 'Whether Ingresses without a class are served too.'),
    annotations: texts('Annotations of the IngressClass.'),
  }),
  classConfig: group(
    'The GatewayClassConfig that both classes refer to: limits, timeouts, the Services of Gateways and all other settings of a class.',
    {
      name: text('', 'Its name; the full name of the release if empty.'),
      spec: piece(
        'Its spec, as docs/reference/gatewayclassconfig.md has it. If empty there is none, and every setting has its default.',
      ),
    },
  ),
  defaultCertificate: text(
    '',
    'Secret of type kubernetes.io/tls, as name or namespace/name, for the tls entries of Ingresses whose own is missing or broken, and for all hosts that no other certificate is for.',
    objectName,
  ),
  watchNamespaces: textList(
    'Read objects of these namespaces only, with a Role in each instead of a ClusterRole. Empty: all namespaces.',
    [],
    label,
  ),
  workers: optionalInteger(1, 256, 'Threads that proxy. Unset: the CPUs that the limit allows.'),
  logLevel: choice(['info', 'trace', 'debug', 'warn', 'error', 'fatal'], 'Level of the process log, on stderr.'),
  logFormat: choice(['json', 'text'], 'Form of the process log.'),
  accessLog: choice(['stdout', 'off'], 'Where the access log goes, one JSON object a line.'),
  observe: flag(false, 'Serve nothing and write no status; only report what would be served and what refused.'),
  observeClasses: textList(
    'With observe: the classes of another controller to judge, such as nginx, by their names. Empty: the classes of this gateway.',
    [],
    className,
  ),
  massDeleteHold: text(
    '30s',
    'How long the last configuration is kept when a CRD was deleted, or more than half of a kind is suddenly gone.',
    duration,
  ),
  drain: group('How a pod leaves. The grace period of the pod is the sum of both and 10 seconds.', {
    delaySeconds: integer(
      15,
      0,
      3600,
      'How long connections are still accepted after SIGTERM, until load balancers have noticed.',
    ),
    timeoutSeconds: integer(30, 0, 86_400, 'How long running requests and tunnels may take to end after that.'),
  }),
  lastKnownGood: group(
    'The configuration that was served last: a container that restarts while the API server is away serves it.',
    {
      enabled: flag(true, 'Whether it is kept, in a volume that lives in memory and ends with the pod.'),
      keys: flag(true, 'Whether it holds private keys. Without them HTTPS waits for the API server.'),
      sizeLimit: text('64Mi', 'Size of that volume; it counts towards the memory limit.'),
    },
  ),
};
