/** HAProxy: routes in a map of host and path prefix, a backend for each route, so that it has statistics of each. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../pkg/testkit/ports.ts';
import { commandVersion } from '../install.ts';
import { startPinned } from '../pinned.ts';
import { routeName, type Site } from '../site.ts';
import { certificate } from '../tls/paths.ts';
import { untilReady } from './ready.ts';
import type { StartOptions, Target } from './target.ts';

export interface HaproxyConfig {
  readonly site: Site;
  readonly originPort: number;
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly directory: string;
}

export const haproxy: Target = {
  name: 'haproxy',
  version: () => commandVersion('haproxy', ['-v'], /version (\d[\d.]*)/),
  async start({ site, originPort, core, directory }: StartOptions) {
    const [plainPort = 0, tlsPort = 0] = await freePorts(2);
    const path = join(directory, 'haproxy.cfg');
    await writeFile(path, haproxyConfig({ site, originPort, plainPort, tlsPort, directory }));
    await writeFile(join(directory, 'routes.map'), haproxyMap(site));
    const pem = await Promise.all([readFile(certificate.chain, 'utf8'), readFile(certificate.key, 'utf8')]);
    await writeFile(join(directory, 'certificate.pem'), pem.join(''), { mode: 0o600 });
    const log = join(directory, 'access.log');
    const child = startPinned({
      core,
      command: 'haproxy',
      args: ['-db', '-f', path],
      stdout: log,
      stderr: join(directory, 'err.log'),
    });
    await untilReady(child, plainPort, site.hosts[0]!, `${site.prefixes[0]}10`);
    return {
      pid: child.pid,
      plainPort,
      tlsPort,
      log,
      routeOf: (line) => String(line['route']),
      stop: () => child.stop(),
    };
  },
};

/** The longest prefix of host and path wins; HAProxy keeps such a map in a tree. */
export function haproxyMap({ hosts, prefixes }: Site): string {
  return hosts.flatMap((host) => prefixes.map((prefix) => `${host}${prefix} ${routeName(host, prefix)}\n`)).join('');
}

export function haproxyConfig(config: HaproxyConfig): string {
  const { site, directory } = config;
  return [
    'global',
    '  nbthread 1',
    // Its access log goes to the file that is its stdout, one write a line: HAProxy has no buffered file log.
    '  log stdout format raw local0 info',
    'defaults',
    '  mode http',
    '  log global',
    '  timeout client 3600s',
    '  timeout server 60s',
    '  timeout connect 5s',
    '  timeout http-keep-alive 3600s',
    '  option http-keep-alive',
    // A connection that comes and goes without a request has no line elsewhere either.
    '  option dontlognull',
    '  http-reuse always',
    'frontend front',
    `  bind 127.0.0.1:${config.plainPort} backlog 4096`,
    `  bind 127.0.0.1:${config.tlsPort} ssl crt ${directory}/certificate.pem ssl-min-ver TLSv1.2 alpn http/1.1 backlog 4096`,
    '  option forwardfor',
    '  unique-id-format %[uuid()]',
    '  unique-id-header X-Request-Id',
    '  http-request set-header X-Forwarded-Proto https if { ssl_fc }',
    '  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }',
    '  http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    '  http-request capture req.hdr(host) len 128',
    '  http-request capture req.hdr(user-agent) len 256',
    `  log-format ${logFormat()}`,
    `  use_backend %[base,map_beg(${directory}/routes.map,none)]`,
    'backend none',
    '  http-request return status 404',
    ...site.hosts.flatMap((host) =>
      site.prefixes.flatMap((prefix) => [
        `backend ${routeName(host, prefix)}`,
        `  server origin 127.0.0.1:${config.originPort}`,
      ]),
    ),
    '',
  ].join('\n');
}

function logFormat(): string {
  const texts = {
    time: '%[date(0,ms),ltime(%Y-%m-%dT%H:%M:%S)]',
    clientAddress: '%ci',
    method: '%HM',
    scheme: '%[ssl_fc,iif(https,http)]',
    host: '%[capture.req.hdr(0),json(utf8s)]',
    path: '%[capture.req.uri,json(utf8s)]',
    protocol: '%HV',
    flag: '%tsc',
    requestId: '%ID',
    route: '%b',
    endpoint: '%si:%sp',
    userAgent: '%[capture.req.hdr(1),json(utf8s)]',
  };
  const numbers = { status: '%ST', requestBytes: '%U', responseBytes: '%B', duration: '%Ta', upstreamDuration: '%Tr' };
  const fields = [
    ...Object.entries(texts).map(([name, value]) => `"${name}":"${value}"`),
    ...Object.entries(numbers).map(([name, value]) => `"${name}":${value}`),
  ];
  return `'{${fields.join(',')}}'`;
}
