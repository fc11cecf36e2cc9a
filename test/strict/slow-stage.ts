/** A gateway with its origin, as the slow and greedy clients find it; and what the system says of it. Used by the tests and commands of this folder. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenerTimeouts } from '../../pkg/ir/settings.ts';
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../pkg/testkit/gateway.ts';
import { translateSettings } from '../../pkg/translate/settings.ts';
import { createFolder, type Folder, gatewayManifest, routeManifest, services } from '../features/folder.ts';
import { SlowHost } from './slow-kinds.ts';

export interface SlowStage {
  readonly gateway: TestGateway;
  /** Its manifests. */
  readonly folder: Folder;
  /** What holds: the product's defaults, or what was asked for. */
  readonly timeouts: ListenerTimeouts;
  /** Bytes of its process, resident. */
  memory(): Promise<number>;
  /** Microseconds of CPU that its process has used. */
  cpu(): Promise<number>;
  /** Descriptors of its process. */
  descriptors(): Promise<number>;
  /** Connections that it holds, whatever their clients think. */
  connections(): Promise<number>;
  /** Descriptors that are neither such a connection nor one to a backend: among them sockets in a TLS handshake. */
  others(): Promise<number>;
  /** Bytes of endless responses that the origin has written so far. */
  sent(): number;
  /** Of `suuupra_limit_hits_total`. */
  limitHits(limit: string): Promise<number>;
  close(): Promise<void>;
}

export interface SlowStageOptions extends TestGatewayOptions {
  /** As a GatewayClassConfig says it; what is absent has the product's default. */
  readonly timeouts?: Partial<ListenerTimeouts>;
  /** `spec.dataPlane.limits`, as YAML. */
  readonly limits?: string;
}

export async function startSlowStage(options: SlowStageOptions = {}): Promise<SlowStage> {
  const sent = { bytes: 0 };
  const origin = createServer((request, response) => answer(request, response, sent));
  // A client that sends its body slowly is the gateway's business.
  origin.requestTimeout = 0;
  origin.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => void origin.listen(0, '127.0.0.1', 4096, resolve));
  const folder = await createFolder({ 'all.yaml': manifests((origin.address() as AddressInfo).port, options) });
  async function close(): Promise<void> {
    origin.closeAllConnections();
    await new Promise((resolve) => void origin.close(resolve));
    await folder[Symbol.asyncDispose]();
  }
  const gateway = await startGateway(folder.path, options).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const proc = `/proc/${gateway.process.pid}`;
  const descriptors = async (): Promise<number> => (await readdir(`${proc}/fd`)).length;
  const defaults = translateSettings(undefined, {
    addresses: [],
    portMap: {},
    allowLoopbackEndpoints: true,
    directoryMode: true,
    now: 0,
    unbound: {},
  });
  return {
    gateway,
    folder,
    timeouts: { ...defaults.timeouts, ...options.timeouts },
    async memory() {
      const [, kibibytes = ''] = /^VmRSS:\s+(\d+)/m.exec(await readFile(`${proc}/status`, 'utf8')) ?? [];
      return Number(kibibytes) * 1024;
    },
    async cpu() {
      // proc(5): fields 14 and 15 are utime and stime, in ticks of 10 ms; the name before them may hold anything but is in parentheses.
      const fields = (await readFile(`${proc}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10_000;
    },
    descriptors,
    sent: () => sent.bytes,
    connections: async () => sumOf(await gateway.page('/metrics'), 'suuupra_connections_open'),
    async others() {
      const page = await gateway.page('/metrics');
      return (
        (await descriptors()) -
        sumOf(page, 'suuupra_connections_open') -
        sumOf(page, 'suuupra_upstream_connections_open')
      );
    },
    limitHits: async (limit) => sumOf(await gateway.page('/metrics'), `suuupra_limit_hits_total{limit="${limit}"}`),
    async close() {
      await gateway.stop();
      await close();
    },
  };
}

/** All series whose name, or name and labels, begin so. */
function sumOf(page: string, series: string): number {
  const values = page.split('\n').filter((line) => line.startsWith(series));
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

const piece = Buffer.alloc(65_536, 'e');

/** `/endless?bytes=N` sends as long as somebody reads, at most N bytes; all else is answered `delay=MS` after the request is complete. */
function answer(request: IncomingMessage, response: ServerResponse, sent: { bytes: number }): void {
  const url = new URL(request.url ?? '/', 'http://origin');
  response.on('error', () => {});
  request.on('error', () => {});
  if (url.pathname !== '/endless') {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    const delay = Number(url.searchParams.get('delay') ?? 0);
    request.on('end', () => setTimeout(() => response.end(String(bytes)), delay));
    return;
  }
  let left = Number(url.searchParams.get('bytes') ?? 1e12);
  const send = (): void => {
    while (left > 0 && !response.destroyed) {
      const part = piece.subarray(0, Math.min(left, piece.length));
      left -= part.length;
      sent.bytes += part.length;
      if (!response.write(part)) return;
    }
    response.end();
  };
  response.on('drain', send);
  send();
}

function manifests(originPort: number, { timeouts = {}, limits = '{}' }: SlowStageOptions): string {
  const { certificate, key } = testCertificates()['exact-ecdsa'];
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const times = Object.entries(timeouts).map(
    ([name, value]) => `${name}: ${name === 'minBodyRate' ? `"${value}"` : `${value}ms`}`,
  );
  const listeners = `[
    { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } },
    { name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: own }] } }]`;
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec:
  controllerName: gateway.suuupra.io/controller
  parametersRef: { group: gateway.suuupra.io, kind: GatewayClassConfig, name: own, namespace: default }
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayClassConfig
metadata: { name: own }
spec: { dataPlane: { timeouts: { ${times.join(', ')} }, limits: ${limits} } }
---
apiVersion: v1
kind: Secret
metadata: { name: own }
type: kubernetes.io/tls
data: { tls.crt: ${base64(certificate)}, tls.key: ${base64(key)} }
---
${gatewayManifest('public', listeners)}---
${routeManifest('all', '[{ backendRefs: [{ name: one, port: 8080 }] }]', SlowHost)}${services({ one: originPort })}`;
}
