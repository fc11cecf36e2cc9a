/** From a worker's row to Prometheus text: what is counted, what stays bounded, and what a worker's end leaves. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Ir } from '../ir/ir.ts';
import { type Book, createBook } from './book.ts';
import { type ProcessFigures, renderMetrics } from './exposition.ts';
import type { AccessRecord } from './record.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createRow, families } from './row.ts';

const open: Recorder[] = [];
afterEach(() => {
  for (const recorder of open.splice(0)) recorder.close();
});

const someRecord: AccessRecord = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  clientAddress: '192.0.2.1',
  method: 'GET',
  scheme: 'http',
  host: 'a.example.com',
  path: '/',
  query: '',
  protocol: 'HTTP/1.1',
  status: 200,
  flag: '',
  requestId: 'r',
  requestBytes: 10,
  responseBytes: 20,
  duration: 3000,
  upstreamDuration: 2000,
  attempts: 1,
  route: 'HTTPRoute/shop/orders',
  rule: 0,
  listener: 'infra/public/http',
  cluster: 'shop/orders:8080',
  endpoint: '10.0.0.7:8080',
  userAgent: 'test',
  identity: '',
  tenant: '',
  authMethod: '',
  authProvider: '',
  shadow: '',
};

const figures: ProcessFigures = {
  version: '1.2.3',
  configurationVersion: 7,
  configurationAge: 2,
  degraded: false,
  draining: false,
  restarts: { worker: 1 },
  accessLogDropped: 3,
  problems: 0,
  held: 0,
};

function recorderIn(book: Book, worker: string): Recorder {
  const row = createRow();
  book.open(worker, row);
  const recorder = createRecorder({ row, announce: (labels) => book.label(worker, [labels]), accessLog: null });
  open.push(recorder);
  return recorder;
}

/** Every line must be a comment or a sample of the exposition format; samples by series. */
function parse(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const type = /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line);
    if (type !== null) typed.add(type[1] ?? '');
    if (line.startsWith('# ')) continue;
    const sample = /^(\w+?)(_bucket|_sum|_count)?((?:\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+\})?) (\S+)$/.exec(line);
    if (sample === null || !(typed.has(sample[1] ?? '') || typed.has(`${sample[1]}${sample[2]}`)))
      throw new Error(line);
    const series = line.slice(0, line.lastIndexOf(' '));
    if (samples.has(series)) throw new Error(`twice: ${line}`);
    samples.set(series, Number(sample[4]));
  }
  return samples;
}

const ofRoute = (name: string, more = '') => `${name}{route="HTTPRoute/shop/orders",backend="shop/orders:8080"${more}}`;

test('exchanges of all workers are one series, by route, backend and class', () => {
  const book = createBook();
  const [one, two] = [recorderIn(book, 'worker-1'), recorderIn(book, 'worker-2')];
  one.exchange(someRecord);
  two.exchange({ ...someRecord, duration: 900_000 });
  two.exchange({ ...someRecord, status: 503, flag: 'UF', upstreamDuration: -1, attempts: 3, duration: 20_000_000 });
  const samples = parse(renderMetrics(book, figures));
  expect(samples.get(ofRoute('suuupra_requests_total', ',class="2xx"'))).toBe(2);
  expect(samples.get(ofRoute('suuupra_requests_total', ',class="5xx"'))).toBe(1);
  expect(samples.get(ofRoute('suuupra_request_duration_seconds_bucket', ',le="0.0025"'))).toBe(0);
  expect(samples.get(ofRoute('suuupra_request_duration_seconds_bucket', ',le="0.005"'))).toBe(1);
  expect(samples.get(ofRoute('suuupra_request_duration_seconds_bucket', ',le="10"'))).toBe(2);
  expect(samples.get(ofRoute('suuupra_request_duration_seconds_bucket', ',le="+Inf"'))).toBe(3);
  expect(samples.get(ofRoute('suuupra_request_duration_seconds_sum'))).toBeCloseTo(20.903);
  expect(samples.get(ofRoute('suuupra_upstream_responses_total'))).toBe(2);
  expect(samples.get(ofRoute('suuupra_retries_total'))).toBe(2);
  expect(samples.get(ofRoute('suuupra_response_body_bytes_total'))).toBe(60);
  expect(samples.get('suuupra_errors_total{flag="UF"}')).toBe(1);
});

test('the rest of the telemetry and the process have their series', () => {
  const book = createBook();
  const recorder = recorderIn(book, 'worker-1');
  recorder.connectionOpened('*|80');
  recorder.connectionOpened('*|80');
  recorder.connectionClosed('*|80');
  recorder.limitHit('body-bytes');
  recorder.upstreamConnection('shop/orders:8080', 'opened');
  recorder.upstreamConnection('shop/orders:8080', 'reused');
  recorder.tunnel('opened');
  recorder.policyDecision('ipAccess', 'Enforce', 'denied', 'address-denied');
  recorder.valueDropped('transform', 'Enforce', 'invalid');
  recorder.valueDropped('transform', 'Shadow', 'failed');
  recorder.valueDropped('transform', 'Enforce', 'invalid');
  recorder.exchange({ ...someRecord, authMethod: 'JWT', authProvider: 'corp', identity: 'ada' });
  recorder.exchange({ ...someRecord, authMethod: 'JWT', authProvider: 'corp', identity: 'bob' });
  recorder.exchange(someRecord);
  recorder.policyDecision('ipAccess', 'Shadow', 'denied', 'address-denied');
  recorder.policyDecision('ipAccess', 'Enforce', 'denied', 'address-denied');
  const samples = parse(renderMetrics(book, figures));
  expect(Object.fromEntries(samples)).toMatchObject({
    'suuupra_connections_total{socket="*|80"}': 2,
    'suuupra_connections_open{socket="*|80"}': 1,
    'suuupra_limit_hits_total{limit="body-bytes"}': 1,
    'suuupra_policy_decisions_total{policy="ipAccess",mode="Enforce",decision="denied",code="address-denied"}': 2,
    'suuupra_policy_decisions_total{policy="ipAccess",mode="Shadow",decision="denied",code="address-denied"}': 1,
    'suuupra_authenticated_requests_total{method="JWT",provider="corp"}': 2,
    'suuupra_policy_values_dropped_total{policy="transform",mode="Enforce",reason="invalid"}': 2,
    'suuupra_policy_values_dropped_total{policy="transform",mode="Shadow",reason="failed"}': 1,
    'suuupra_upstream_connections_total{backend="shop/orders:8080",event="reused"}': 1,
    'suuupra_upstream_connections_open{backend="shop/orders:8080"}': 1,
    suuupra_tunnels_open: 1,
    suuupra_access_log_dropped_total: 3,
    suuupra_configuration_version: 7,
    suuupra_configuration_age_seconds: 2,
    'suuupra_build_info{version="1.2.3"}': 1,
    'suuupra_thread_restarts_total{thread="worker"}': 1,
  });
});

test('what a dead worker counted stays, what it held open does not', () => {
  const book = createBook();
  const recorder = recorderIn(book, 'worker-1');
  recorder.exchange(someRecord);
  recorder.connectionOpened('*|80');
  recorder.tunnel('opened');
  book.close('worker-1');
  recorderIn(book, 'worker-1').exchange(someRecord);
  const samples = parse(renderMetrics(book, figures));
  expect(samples.get(ofRoute('suuupra_requests_total', ',class="2xx"'))).toBe(2);
  expect(samples.get('suuupra_connections_total{socket="*|80"}')).toBe(1);
  expect(samples.get('suuupra_connections_open{socket="*|80"}')).toBe(0);
  expect(samples.get('suuupra_tunnels_open')).toBe(0);
});

describe('cardinality', () => {
  const withRoute = (name: string) => ({ ...someRecord, route: name });

  test('is bounded: routes beyond it are counted as other, and none is lost', () => {
    const book = createBook();
    const recorder = recorderIn(book, 'worker-1');
    const count = families.exchange.capacity + 500;
    for (let i = 0; i < count; i++) recorder.exchange(withRoute(`HTTPRoute/n/${i}`));
    const samples = parse(renderMetrics(book, figures));
    const requests = [...samples].filter(([series]) => series.startsWith('suuupra_requests_total'));
    expect(requests).toHaveLength(families.exchange.capacity);
    expect(requests.reduce((sum, [, value]) => sum + value, 0)).toBe(count);
    expect(samples.get('suuupra_requests_total{route="other",backend="other",class="2xx"}')).toBe(501);
  });

  test('a route that is gone gives its slot to a new one', () => {
    const book = createBook();
    const recorder = recorderIn(book, 'worker-1');
    const ir = (routes: readonly string[]) =>
      ({ routes: Object.fromEntries(routes.map((id) => [id, {}])), settings: { default: {} } }) as Partial<Ir> as Ir;
    for (let i = 1; i < families.exchange.capacity; i++) recorder.exchange(withRoute(`HTTPRoute/n/${i}`));
    recorder.configure(ir(['HTTPRoute/n/2', 'HTTPRoute/n/new']));
    recorder.exchange(withRoute('HTTPRoute/n/new'));
    const text = renderMetrics(book, figures);
    expect(text).toContain('suuupra_requests_total{route="HTTPRoute/n/new",backend="shop/orders:8080",class="2xx"} 1');
    expect(text).toContain('route="HTTPRoute/n/2"');
    expect(text).not.toContain('route="HTTPRoute/n/1"');
    expect(text).not.toContain('route="other"');
  });
});

test('label values are escaped', () => {
  const book = createBook();
  recorderIn(book, 'worker-1').limitHit('a"b\\c\nd');
  expect(renderMetrics(book, figures)).toContain('suuupra_limit_hits_total{limit="a\\"b\\\\c\\nd"} 1\n');
});

test('what a pod writes to the API server is told in a cluster, and only there', () => {
  const cluster = {
    leading: true,
    statusWrites: 12,
    statusFailures: 2,
    statusesPending: 1,
    eventsDropped: 3,
    unread: [{ collection: 'HTTPRoute', message: 'etcd is broken' }],
  };
  const samples = parse(renderMetrics(createBook(), { ...figures, cluster }));
  expect(samples.get('suuupra_leader')).toBe(1);
  expect(samples.get('suuupra_status_writes_total')).toBe(12);
  expect(samples.get('suuupra_status_write_failures_total')).toBe(2);
  expect(samples.get('suuupra_statuses_pending')).toBe(1);
  expect(samples.get('suuupra_events_dropped_total')).toBe(3);
  expect(samples.get('suuupra_unread_collections')).toBe(1);
  expect(renderMetrics(createBook(), figures)).not.toContain('suuupra_leader');
});

test('shows what other rooms count', () => {
  const others = [
    { name: 'suuupra_a_total', help: 'A.', type: 'counter', samples: [[{ source: 'a"b' }, 2] as const] },
    { name: 'suuupra_none', help: 'None.', type: 'gauge', samples: [] },
  ] as const;
  const text = renderMetrics(createBook(), { ...figures, others });
  expect(text).toContain('# TYPE suuupra_a_total counter\nsuuupra_a_total{source="a\\"b"} 2\n');
  expect(text).not.toContain('suuupra_none');
});
