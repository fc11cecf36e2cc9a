/** nginx: a server block for each host with a location for each prefix. Once with its default buffers, once with 64 KB ones. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../pkg/testkit/ports.ts';
import { commandVersion } from '../install.ts';
import { startPinned } from '../pinned.ts';
import { routeName, type Site } from '../site.ts';
import { certificate } from '../tls/paths.ts';
import { untilReady } from './ready.ts';
import type { StartOptions, Target } from './target.ts';

export interface NginxConfig {
  readonly site: Site;
  readonly originPort: number;
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly directory: string;
  /** Lines of the http block that only this variant has. */
  readonly extra: readonly string[];
  readonly root: boolean;
}

export const nginx = nginxTarget('nginx', []);

/** 1 MB answers with fewer and larger reads and writes, and without a temporary file. */
export const nginx64k = nginxTarget('nginx-64k', [
  'proxy_buffer_size 64k;',
  'proxy_buffers 16 64k;',
  'proxy_busy_buffers_size 128k;',
  'proxy_max_temp_file_size 0;',
]);

function nginxTarget(name: string, extra: readonly string[]): Target {
  return {
    name,
    version: () => commandVersion('nginx', ['-v'], /nginx\/(\S+)/),
    async start({ site, originPort, core, directory }: StartOptions) {
      const [plainPort = 0, tlsPort = 0] = await freePorts(2);
      const path = join(directory, 'nginx.conf');
      const root = process.getuid?.() === 0;
      await writeFile(path, nginxConfig({ site, originPort, plainPort, tlsPort, directory, extra, root }));
      const child = startPinned({
        core,
        command: 'nginx',
        args: ['-p', directory, '-e', join(directory, 'error.log'), '-c', path],
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

export function nginxConfig(config: NginxConfig): string {
  const { site, directory } = config;
  const listen = (suffix: string): readonly string[] => [
    `listen 127.0.0.1:${config.plainPort}${suffix} backlog=4096;`,
    `listen 127.0.0.1:${config.tlsPort} ssl${suffix} backlog=4096;`,
  ];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    'daemon off;',
    'worker_processes 1;',
    // The log and the buffers on disk lie in a folder of whoever runs this.
    ...(config.root ? ['user root;'] : []),
    `pid ${directory}/nginx.pid;`,
    `error_log ${directory}/error.log warn;`,
    'worker_rlimit_nofile 40000;',
    'events { worker_connections 19000; }',
    'http {',
    ...temporary.map((each) => `  ${each}_temp_path ${directory}/${each};`),
    `  log_format json escape=json '${logFormat()}';`,
    `  access_log ${directory}/access.log json buffer=64k flush=200ms;`,
    '  server_names_hash_max_size 8192;',
    '  server_names_hash_bucket_size 128;',
    '  keepalive_requests 1000000000;',
    '  keepalive_timeout 3600s;',
    '  tcp_nodelay on;',
    '  upstream origin {',
    `    server 127.0.0.1:${config.originPort};`,
    '    keepalive 512;',
    '    keepalive_requests 1000000000;',
    '    keepalive_timeout 3600s;',
    '  }',
    '  proxy_http_version 1.1;',
    '  proxy_set_header Connection "";',
    '  proxy_set_header Host $host;',
    '  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    '  proxy_set_header X-Forwarded-Proto $scheme;',
    '  proxy_set_header X-Forwarded-Host $host;',
    '  proxy_set_header X-Request-Id $request_id;',
    '  ssl_protocols TLSv1.2 TLSv1.3;',
    `  ssl_certificate ${certificate.chain};`,
    `  ssl_certificate_key ${certificate.key};`,
    ...config.extra.map((line) => `  ${line}`),
    `  server { ${listen(' default_server').join(' ')} set $route ""; return 404; }`,
    ...site.hosts.flatMap((host) => [
      `  server { listen 127.0.0.1:${config.plainPort}; listen 127.0.0.1:${config.tlsPort} ssl; server_name ${host};`,
      ...site.prefixes.map(
        (prefix) => `    location ${prefix} { set $route ${routeName(host, prefix)}; proxy_pass http://origin; }`,
      ),
      '  }',
    ]),
    '}',
    '',
  ].join('\n');
}

function logFormat(): string {
  const fields = {
    time: '$time_iso8601',
    clientAddress: '$remote_addr',
    method: '$request_method',
    scheme: '$scheme',
    host: '$host',
    path: '$uri',
    query: '$args',
    protocol: '$server_protocol',
    requestId: '$request_id',
    duration: '$request_time',
    upstreamDuration: '$upstream_response_time',
    endpoint: '$upstream_addr',
    route: '$route',
    userAgent: '$http_user_agent',
  };
  const texts = Object.entries(fields).map(([name, value]) => `"${name}":"${value}"`);
  const numbers = '"status":$status,"requestBytes":$request_length,"responseBytes":$bytes_sent';
  return `{${texts.join(',')},${numbers}}`;
}
