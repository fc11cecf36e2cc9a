/** Who we are to the API server: a kubeconfig, or the ServiceAccount of the pod. The only importer of @kubernetes/client-node. */
import { KubeConfig } from '@kubernetes/client-node';

export interface Credentials {
  /** `https://10.96.0.1:443` */
  readonly server: string;
  /** Namespace of the context or of the pod; `default` if it names none. */
  readonly namespace: string;
  /** `proxy-url` of the cluster, which may hold a password; null: it is reached straight. */
  readonly proxy: string | null;
  /** Asked before every request: tokens rotate, and so do certificates. @throws if they cannot be read */
  current(): Promise<Current>;
}

export interface Current {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

/** Undefined parts are the system's defaults. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly servername: string | undefined;
  readonly rejectUnauthorized: boolean;
}

export interface CredentialsOptions {
  /** Null: in the cluster the pod's own, elsewhere as kubectl finds it. */
  readonly kubeconfig: string | null;
  /** Null: the current one of the kubeconfig. */
  readonly context: string | null;
}

/** @throws an Error for the user, in one line, if there are none */
export function loadCredentials({ kubeconfig, context }: CredentialsOptions): Credentials {
  const config = new KubeConfig();
  if (kubeconfig !== null) config.loadFromFile(kubeconfig);
  else config.loadFromDefault();
  if (context !== null) {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => name);
      throw new Error(
        `context ${JSON.stringify(context)} is not in the kubeconfig; it has ${known.join(', ') || 'none'}`,
      );
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new Error('no cluster: pass --directory, --kubeconfig, or run it in a pod with a ServiceAccount');
  const proxy = cluster.proxyUrl ?? '';
  if (proxy !== '' && !/^https?:\/\//.test(proxy))
    throw new Error(
      `proxy-url of cluster ${JSON.stringify(cluster.name)}: only http:// and https:// proxies can be used, which tunnel with CONNECT`,
    );
  return {
    proxy: proxy === '' ? null : proxy,
    server: cluster.server.replace(/\/$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    async current() {
      const options: Record<string, unknown> = { headers: {} };
      // Reads token files again, runs exec plugins, refreshes OIDC tokens.
      await config.applyToHTTPSOptions(options);
      return {
        headers: options['headers'] as Record<string, string>,
        tls: {
          ca: text(options['ca']),
          cert: text(options['cert']),
          key: text(options['key']),
          servername: text(options['servername']),
          rejectUnauthorized: options['rejectUnauthorized'] !== false,
        },
      };
    },
  };
}

function text(value: unknown): string | undefined {
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  return typeof value === 'string' ? value : undefined;
}
