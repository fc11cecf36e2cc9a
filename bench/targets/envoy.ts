/** Envoy: a virtual host for each host with a route for each prefix, and statistics of each route. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../pkg/testkit/ports.ts';
import { commandVersion, findEnvoy } from '../install.ts';
import { startPinned } from '../pinned.ts';
import { routeName, type Site } from '../site.ts';
import { certificate } from '../tls/paths.ts';
import { untilReady } from './ready.ts';
import type { StartOptions, Target } from './target.ts';

export interface EnvoyConfig {
  readonly site: Site;
  readonly originPort: number;
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly directory: string;
}

export function envoyTarget(cache: string): Target {
  return {
    name: 'envoy',
    async version() {
      const command = findEnvoy(cache);
      return command === null ? null : commandVersion(command, ['--version'], /version: [0-9a-f]+\/([\d.]+)/);
    },
    async start({ site, originPort, core, directory }: StartOptions) {
      const [plainPort = 0, tlsPort = 0] = await freePorts(2);
      const path = join(directory, 'envoy.json');
      await writeFile(path, JSON.stringify(envoyConfig({ site, originPort, plainPort, tlsPort, directory })));
      const child = startPinned({
        core,
        command: findEnvoy(cache)!,
        args: [
          '-c',
          path,
          '--concurrency',
          '1',
          '--disable-hot-restart',
          '--log-level',
          'warn',
          '--file-flush-interval-msec',
          '200',
        ],
        stdout: join(directory, 'out.log'),
        stderr: join(directory, 'err.log'),
      });
      await untilReady(child, plainPort, site.hosts[0]!, `${site.prefixes[0]}10`);
      return {
        pid: child.pid,
        plainPort,
        tlsPort,
        log: join(directory, 'access.log'),
        routeOf: (line) => String(line['route']),
        stop: () => child.stop(),
      };
    },
  };
}

const types = 'type.googleapis.com/envoy';

export function envoyConfig(config: EnvoyConfig): Readonly<Record<string, unknown>> {
  const listener = (name: string, port: number, transport: object): object => ({
    name,
    address: address(port),
    tcp_backlog_size: 4096,
    filter_chains: [{ ...transport, filters: [connectionManager(config)] }],
  });
  return {
    static_resources: {
      listeners: [listener('plain', config.plainPort, {}), listener('secure', config.tlsPort, secure())],
      clusters: [
        {
          name: 'origin',
          type: 'STATIC',
          circuit_breakers: {
            thresholds: [{ max_connections: 20_000, max_pending_requests: 20_000, max_requests: 20_000 }],
          },
          load_assignment: {
            cluster_name: 'origin',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(config.originPort) } }] }],
          },
        },
      ],
    },
  };
}

function connectionManager({ site, directory }: EnvoyConfig): object {
  return {
    name: 'http',
    typed_config: {
      '@type': `${types}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'bench',
      codec_type: 'HTTP1',
      use_remote_address: true,
      stream_idle_timeout: '3600s',
      common_http_protocol_options: { idle_timeout: '3600s' },
      access_log: [
        {
          name: 'file',
          typed_config: {
            '@type': `${types}.extensions.access_loggers.file.v3.FileAccessLog`,
            path: join(directory, 'access.log'),
            log_format: { json_format: logFormat },
          },
        },
      ],
      route_config: {
        request_headers_to_add: [{ header: { key: 'x-forwarded-host', value: '%REQ(:AUTHORITY)%' } }],
        virtual_hosts: site.hosts.map((host) => ({
          name: host,
          domains: [host],
          routes: site.prefixes.map((prefix) => ({
            name: routeName(host, prefix),
            stat_prefix: routeName(host, prefix),
            match: { prefix },
            route: { cluster: 'origin' },
          })),
        })),
      },
      http_filters: [
        { name: 'router', typed_config: { '@type': `${types}.extensions.filters.http.router.v3.Router` } },
      ],
    },
  };
}

function secure(): object {
  return {
    transport_socket: {
      name: 'tls',
      typed_config: {
        '@type': `${types}.extensions.transport_sockets.tls.v3.DownstreamTlsContext`,
        common_tls_context: {
          alpn_protocols: ['http/1.1'],
          tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
          tls_certificates: [
            { certificate_chain: { filename: certificate.chain }, private_key: { filename: certificate.key } },
          ],
        },
      },
    },
  };
}

const logFormat = {
  time: '%START_TIME%',
  clientAddress: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
  method: '%REQ(:METHOD)%',
  scheme: '%REQ(:SCHEME)%',
  host: '%REQ(:AUTHORITY)%',
  path: '%REQ(:PATH)%',
  protocol: '%PROTOCOL%',
  status: '%RESPONSE_CODE%',
  flag: '%RESPONSE_FLAGS%',
  requestId: '%REQ(X-REQUEST-ID)%',
  requestBytes: '%BYTES_RECEIVED%',
  responseBytes: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstreamDuration: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  route: '%ROUTE_NAME%',
  cluster: '%UPSTREAM_CLUSTER%',
  endpoint: '%UPSTREAM_HOST%',
  userAgent: '%REQ(USER-AGENT)%',
} as const;

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
