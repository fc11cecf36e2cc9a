/** The one Agent that everything is sent to the API server with, straight or through the proxy of a kubeconfig. Used by `client.ts`. */
import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { TlsMaterial } from './credentials.ts';

/** ms */
const ConnectTimeout = 10_000;
const KeepAlive = 60_000;

/**
 * @param proxy `proxy-url` of the kubeconfig, which tunnels with CONNECT; null: none. The environment's HTTPS_PROXY is not asked: in a pod it
 * stands for what the pod reaches outside of the cluster, and the API server is inside
 */
export function createDispatcher(
  { ca, cert, key, servername, rejectUnauthorized }: TlsMaterial,
  proxy: string | null,
): Dispatcher {
  const given = Object.entries({ ca, cert, key, servername }).filter(([, value]) => value !== undefined);
  const tls = { ...Object.fromEntries(given), rejectUnauthorized };
  // A node that vanished says nothing: the system asks, so that a half-open connection ends.
  const socket = { timeout: ConnectTimeout, keepAlive: true, keepAliveInitialDelay: 15_000 };
  // Watches of HTTP/2 would share one connection, and with it one stall.
  const common = { allowH2: false, connections: null, keepAliveTimeout: KeepAlive };
  if (proxy === null) return new Agent({ ...common, connect: { ...tls, ...socket } });
  return new ProxyAgent({
    ...common,
    uri: proxy,
    requestTls: { ...tls, ...socket },
    proxyTls: socket,
    // Also to a server without TLS: a proxy that reads along may buffer a watch.
    proxyTunnel: true,
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: ConnectTimeout }),
  });
}
