/**
 * A million requests of mixed kinds: GET, POST with a length and in chunks, HEAD, 404, retries, uploads, new connections, clients that give up at
 * three moments, TLS handshakes, WebSockets. Heap and resident memory are sampled; after the warm-up neither may grow with the requests.
 *
 * A correct proxy saves everything here. At the end nothing is left of it: no connection, no tunnel, no descriptor.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { lineChart } from '../../../bench/plot.ts';
import { testCertificates } from '../../../pkg/testkit/certificates.ts';
import type { TestGateway } from '../../../pkg/testkit/gateway.ts';
import { gatewayClass, gatewayManifest, routeManifest, services } from '../../features/folder.ts';
import { startBulk } from '../bulk.ts';
import { startEverythingOrigin } from '../everything-origin.ts';
import { readMetric } from '../metric.ts';
import { startMixed } from '../mixed.ts';
import { MiB, residentBytes } from '../resident.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { growthOf, type Sample } from '../trend.ts';
import { within } from '../within.ts';

const Chart = join(import.meta.dirname, '../../../docs/torture-memory.svg');
/** Of all requests, before the judgement: code is compiled, pools and buffers are filled, the heap has its size. */
const WarmUp = 0.3;
/**
 * Bytes for each request after that, from the lowest heap of the one half to that of the other, and from the most resident memory to that. What is
 * kept of a request weighs more: a closure with a string, or an entry of a map, has 100 bytes and up.
 */
const Allowed = { heap: 24, resident: 48 };
/** MiB of old space for each thread; by default it is what the machine has. */
const HeapLimit = 64;
/** What a quick run may grow by after its warm-up, which is too short to judge a slope. */
const QuickAllowed = 96 * MiB;

export const memory: Scenario = {
  name: 'memory',
  title: 'memory is flat over a million requests of mixed kinds',
  run,
};

interface Samples {
  /** By number of requests, bytes. */
  readonly resident: Sample[];
  readonly heap: Sample[];
}

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const requests = scale === 'full' ? 1_000_000 : 20_000;
  const gateway = await start(stage);
  const before = await descriptors(gateway);
  const [port, securePort] = [gateway.port(80), gateway.port(443)];
  const bulk = await startBulk(stage, scale, { port, connections: 32, host: 'bulk.example.com' });
  const mixed = startMixed({ port, securePort, trusted: [testCertificates()['exact-ecdsa'].certificate] });
  const traffic = stage.traffic({ port, kept: 2, fresh: 2, rate: 100 });
  stage.defer(() => Promise.all([bulk.stop(), mixed.stop()]));

  const samples: Samples = { resident: [], heap: [] };
  const from = performance.now();
  let count = 0;
  while (count < requests) {
    await setTimeout(scale === 'full' ? 250 : 100);
    count = await readMetric(gateway, 'suuupra_requests_total');
    samples.resident.push([count, await residentBytes(gateway)]);
    samples.heap.push([count, await readMetric(gateway, 'suuupra_worker_heap_bytes')]);
    if (bulk.failures.length > 0) break;
  }
  const seconds = (performance.now() - from) / 1000;
  await Promise.all([bulk.stop(), mixed.stop(), traffic.stop()]);
  const left = await whatIsLeft(gateway, before);
  const plays = [...mixed.counts.values()].reduce((sum, value) => sum + value, 0);
  const failures = [
    ...bulk.failures,
    ...mixed.failures,
    ...traffic.failures.map(({ kind, code }) => `${kind} ${code}`),
  ];
  if (scale === 'full') await writeFile(Chart, chartOf(samples));
  return [
    {
      sent: count,
      failed: failures.length,
      p99Millis: traffic.percentile(0.99),
      recoverMillis: null,
      missed: [...new Set(failures)].slice(0, 3).concat(left, judge(samples, requests, scale)),
      notes: `${plays.toLocaleString('en-US')} of mixed kinds beside ${bulk.client}, ${(count / seconds).toFixed(0)} requests/s; ${describe(samples, requests)}`,
    },
  ];
}

async function start(stage: Stage): Promise<TestGateway> {
  const bulk = await startBulkOrigin(stage);
  const one = await stage.origin('one');
  const everything = await startEverythingOrigin();
  stage.defer(() => everything.close());
  const { certificate, key } = testCertificates()['exact-ecdsa'];
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const listeners = [
    '{ name: http, port: 80, protocol: HTTP }',
    '{ name: tls, port: 443, protocol: HTTPS, hostname: a.example, tls: { certificateRefs: [{ name: pair }] } }',
  ];
  const retry = 'retry: { codes: [503], attempts: 2, backoff: 1ms }';
  const rules = `[
    { matches: [{ path: { value: /t } }], backendRefs: [{ name: one, port: 8080 }] },
    { ${retry}, backendRefs: [{ name: everything, port: 8080 }] }]`;
  const folder = await stage.folder({
    'base.yaml': `${gatewayClass}---\n${gatewayManifest('public', `[${listeners.join(', ')}]`)}${services({ bulk, one: one.port, everything: everything.port })}`,
    'bulk.yaml': routeManifest('bulk', '[{ backendRefs: [{ name: bulk, port: 8080 }] }]', 'bulk.example.com'),
    'mixed.yaml': routeManifest('mixed', rules, 'a.example.com, a.example'),
    'pair.yaml': `apiVersion: v1
kind: Secret
metadata: { name: pair }
type: kubernetes.io/tls
data: { tls.crt: ${encoded(certificate)}, tls.key: ${encoded(key)} }
`,
  });
  // A small heap is collected often, so that what collections leave behind is seen; the log is written, to nowhere.
  const through = ['env', `NODE_OPTIONS=--max-old-space-size=${HeapLimit}`];
  return stage.gateway(folder, { args: ['--access-log=stdout'], through });
}

async function startBulkOrigin(stage: Stage): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../bulk-origin-main.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  stage.defer(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(line.toString());
}

/** What a request may leave behind without being seen in memory. */
async function whatIsLeft(gateway: TestGateway, before: number): Promise<string[]> {
  const metrics = ['suuupra_connections_open', 'suuupra_tunnels_open'];
  const left: string[] = [];
  for (const metric of metrics) {
    const gone = async (): Promise<boolean> => (await readMetric(gateway, metric)) === 0;
    await within(30, `${metric} is 0`, gone).catch((error: unknown) => void left.push(String(error)));
  }
  // Idle connections to the origins may stay, for a while.
  const pool = await readMetric(gateway, 'suuupra_upstream_connections_open');
  const open = await descriptors(gateway);
  return open - before > pool + 8
    ? [...left, `${open - before} descriptors more than before, ${pool} to origins`]
    : left;
}

async function descriptors({ process }: TestGateway): Promise<number> {
  return (await readdir(`/proc/${process.pid}/fd`)).length;
}

function judge(samples: Samples, requests: number, scale: Scale): string[] {
  const { resident, heap } = settled(samples, requests);
  if (scale === 'quick') {
    const growth = Math.max(...resident.map(([, bytes]) => bytes)) - (resident[0]?.[1] ?? 0);
    return growth <= QuickAllowed ? [] : [`memory grew by ${mib(growth)} after the warm-up`];
  }
  const missed: string[] = [];
  if (growthOf(heap, 'lowest') > Allowed.heap) missed.push('the heap grows');
  if (growthOf(resident, 'highest') > Allowed.resident) missed.push('resident memory grows');
  return missed;
}

function settled({ resident, heap }: Samples, requests: number): Samples {
  const late = ([count]: Sample): boolean => count >= requests * WarmUp;
  return { resident: resident.filter(late), heap: heap.filter(late) };
}

function describe(samples: Samples, requests: number): string {
  const { resident, heap } = settled(samples, requests);
  const most = mib(Math.max(...resident.map(([, bytes]) => bytes)));
  const [ofHeap, ofResident] = [growthOf(heap, 'lowest').toFixed(1), growthOf(resident, 'highest').toFixed(1)];
  return `after the warm-up ${most} resident at most, growing ${ofResident} bytes a request, the heap ${ofHeap}`;
}

function chartOf({ resident, heap }: Samples): string {
  const points = (samples: readonly Sample[]): Sample[] => samples.map(([count, bytes]) => [count / 1000, bytes / MiB]);
  return lineChart({
    title: 'Memory over a million requests of mixed kinds (two workers)',
    xLabel: 'requests (thousands)',
    yLabel: 'MiB',
    series: [
      { name: 'resident, whole process', points: points(resident) },
      { name: 'JavaScript heap, both workers', points: points(heap) },
    ],
  });
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MiB)} MiB`;
}
