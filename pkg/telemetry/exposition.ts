/**
 * Metrics as Prometheus text. Written by hand from the shared rows: prom-client takes 411 ms for 10,000 histograms and would
 * need every number to be copied into its objects first.
 */
import type { Book, Totals } from './book.ts';
import { Buckets, Connection, Exchange, UpstreamConnection, Worker } from './row.ts';
import type { Series } from './series.ts';

/** What the supervisor and the controller know. */
export interface ProcessFigures {
  readonly version: string;
  /** Version of the configuration that every worker serves; 0 before the first. */
  readonly configurationVersion: number;
  /** Seconds since it was applied; -1 before the first. */
  readonly configurationAge: number;
  readonly degraded: boolean;
  readonly draining: boolean;
  /** Restarts since start, by thread: `worker`, `controller`. */
  readonly restarts: Readonly<Record<string, number>>;
  readonly accessLogDropped: number;
  /** Problems in what users wrote, now. */
  readonly problems: number;
  /** Objects that vanished all at once, and still count. */
  readonly held: number;
  /** Absent with a directory. */
  readonly cluster?: ClusterFigures;
  /** Of rooms that count for themselves. */
  readonly others?: readonly Series[];
}

/** What this pod writes to the API server, and cannot read there. */
export interface ClusterFigures {
  readonly leading: boolean;
  readonly statusWrites: number;
  readonly statusFailures: number;
  /** Statuses that do not stand at the API server yet; 0 in a pod that does not lead. */
  readonly statusesPending: number;
  readonly eventsDropped: number;
  /** Collections that could not be read for a while: `HTTPRoute in shop`, and why. */
  readonly unread: readonly { readonly collection: string; readonly message: string }[];
}

type Sample = readonly [labels: string, value: number];

export function renderMetrics(book: Book, figures: ProcessFigures): string {
  const out: string[] = [];
  const exchanges = book.totals('exchange');
  const routed = (totals: Totals) => labelled({ route: totals.labels[0] ?? '', backend: totals.labels[1] ?? '' });

  counter(
    out,
    'suuupra_requests_total',
    'Finished requests by route, backend and class of status.',
    exchanges.flatMap((t) =>
      ['1xx', '2xx', '3xx', '4xx', '5xx'].flatMap((name, i): Sample[] => {
        const value = at(t, Exchange.classes + i);
        return value > 0 ? [[`${routed(t)},${labelled({ class: name })}`, value]] : [];
      }),
    ),
  );
  histogram(out, exchanges, routed);
  counter(
    out,
    'suuupra_request_body_bytes_total',
    'Bytes of request bodies.',
    exchanges.map((t) => [routed(t), at(t, Exchange.requestBytes)]),
  );
  counter(
    out,
    'suuupra_response_body_bytes_total',
    'Bytes of response bodies.',
    exchanges.map((t) => [routed(t), at(t, Exchange.responseBytes)]),
  );
  counter(
    out,
    'suuupra_upstream_response_seconds_total',
    'Time until backends answered, summed.',
    exchanges.map((t) => [routed(t), at(t, Exchange.upstreamDuration) / 1e6]),
  );
  counter(
    out,
    'suuupra_upstream_responses_total',
    'Answers of backends.',
    exchanges.map((t) => [routed(t), at(t, Exchange.upstreamResponses)]),
  );
  counter(
    out,
    'suuupra_retries_total',
    'Attempts after the first.',
    exchanges.map((t) => [routed(t), at(t, Exchange.retries)]),
  );
  counter(
    out,
    'suuupra_errors_total',
    'Requests with a response flag, as in the access log.',
    book.totals('flag').map((t) => [labelled({ flag: t.labels[0] ?? '' }), at(t, 0)]),
  );

  const sockets = book.totals('connection');
  const socketLabel = (t: Totals) => labelled({ socket: t.labels[0] ?? '' });
  counter(
    out,
    'suuupra_connections_total',
    'Accepted connections.',
    sockets.map((t) => [socketLabel(t), at(t, Connection.opened)]),
  );
  gauge(
    out,
    'suuupra_connections_open',
    'Open client connections.',
    sockets.map((t) => [socketLabel(t), at(t, Connection.opened) - at(t, Connection.closed)]),
  );

  const upstreams = book.totals('upstreamConnection');
  const cluster = (t: Totals) => labelled({ backend: t.labels[0] ?? '' });
  counter(
    out,
    'suuupra_upstream_connections_total',
    'Connections to backends, by what happened.',
    upstreams.flatMap((t) =>
      (['opened', 'failed', 'reused'] as const).map(
        (event): Sample => [`${cluster(t)},${labelled({ event })}`, at(t, UpstreamConnection[event])],
      ),
    ),
  );
  gauge(
    out,
    'suuupra_upstream_connections_open',
    'Open connections to backends.',
    upstreams.map((t) => [cluster(t), at(t, UpstreamConnection.opened) - at(t, UpstreamConnection.closed)]),
  );
  counter(
    out,
    'suuupra_limit_hits_total',
    'Refusals by a limit.',
    book.totals('limit').map((t) => [labelled({ limit: t.labels[0] ?? '' }), at(t, 0)]),
  );

  counter(
    out,
    'suuupra_policy_decisions_total',
    'Requests that a policy refused or failed at; in mode Shadow it let them pass.',
    book.totals('policy').map(({ labels, numbers }) => {
      const [policy = '', mode = '', decision = '', code = ''] = labels;
      return [labelled({ policy, mode, decision, code }), numbers[0] ?? 0];
    }),
  );

  counter(
    out,
    'suuupra_policy_values_dropped_total',
    'Values that a policy computed and left out: the expression gave none (failed), or it may not stand there (invalid).',
    book.totals('droppedValue').map(({ labels, numbers }) => {
      const [policy = '', mode = '', reason = ''] = labels;
      return [labelled({ policy, mode, reason }), numbers[0] ?? 0];
    }),
  );

  // Subjects and tenants are as many as there are clients: they stand in the log.
  counter(
    out,
    'suuupra_authenticated_requests_total',
    'Requests whose client was authenticated, by the type of the method and its name in the policy.',
    book.totals('identity').map(({ labels, numbers }) => {
      const [method = '', provider = ''] = labels;
      return [labelled({ method, provider }), numbers[0] ?? 0];
    }),
  );

  const workers = book.totals('worker');
  counter(
    out,
    'suuupra_tunnels_total',
    'Upgraded connections (WebSocket and others).',
    workers.map((t) => ['', at(t, Worker.tunnelsOpened)]),
  );
  gauge(
    out,
    'suuupra_tunnels_open',
    'Open upgraded connections.',
    workers.map((t) => ['', at(t, Worker.tunnelsOpened) - at(t, Worker.tunnelsClosed)]),
  );
  const dropped = workers.reduce((sum, t) => sum + at(t, Worker.linesDropped), 0);
  counter(out, 'suuupra_access_log_dropped_total', 'Access-log lines dropped because their reader was slow.', [
    ['', dropped + figures.accessLogDropped],
  ]);
  perWorker(out, book);
  ownFigures(out, figures);
  for (const { name, help, type, samples } of figures.others ?? []) {
    series(
      out,
      name,
      help,
      type,
      samples.map(([labels, value]) => [labelled(labels), value]),
    );
  }
  return out.join('');
}

function histogram(out: string[], exchanges: readonly Totals[], routed: (totals: Totals) => string): void {
  const name = 'suuupra_request_duration_seconds';
  if (exchanges.length === 0) return;
  out.push(head(name, 'From the first byte of the request to the last of the response.', 'histogram'));
  for (const totals of exchanges) {
    const labels = routed(totals);
    let sum = 0;
    Buckets.forEach((bound, i) => {
      sum += at(totals, Exchange.buckets + i);
      out.push(`${name}_bucket{${labels},le="${bound}"} ${sum}\n`);
    });
    sum += at(totals, Exchange.buckets + Buckets.length);
    out.push(`${name}_bucket{${labels},le="+Inf"} ${sum}\n`);
    out.push(`${name}_sum{${labels}} ${at(totals, Exchange.duration) / 1e6}\n${name}_count{${labels}} ${sum}\n`);
  }
}

function perWorker(out: string[], book: Book): void {
  const living = book.living();
  const values = (field: number): Sample[] =>
    living.map(({ worker, numbers }) => [labelled({ worker }), numbers[field] ?? 0]);
  gauge(
    out,
    'suuupra_event_loop_delay_p50_seconds',
    'How late timers of a worker were in the last second, median.',
    values(Worker.delayMedian),
  );
  gauge(out, 'suuupra_event_loop_delay_p99_seconds', 'The same, 99th percentile.', values(Worker.delay99));
  gauge(out, 'suuupra_event_loop_delay_max_seconds', 'The same, largest.', values(Worker.delayMax));
  gauge(
    out,
    'suuupra_event_loop_utilization',
    'Share of the last second that a worker was busy.',
    values(Worker.utilization),
  );
  gauge(out, 'suuupra_worker_heap_bytes', 'JavaScript heap of a worker.', values(Worker.heapUsed));
}

function ownFigures(out: string[], figures: ProcessFigures): void {
  const one = (value: number | boolean): Sample[] => [['', Number(value)]];
  gauge(out, 'suuupra_build_info', 'The version, as a label.', [[labelled({ version: figures.version }), 1]]);
  gauge(
    out,
    'suuupra_configuration_version',
    'Version of the configuration that every worker serves.',
    one(figures.configurationVersion),
  );
  if (figures.configurationAge >= 0)
    gauge(out, 'suuupra_configuration_age_seconds', 'Since when it is served.', one(figures.configurationAge));
  gauge(
    out,
    'suuupra_degraded',
    '1 while the last known good configuration is served for want of a source.',
    one(figures.degraded),
  );
  gauge(out, 'suuupra_draining', '1 while the gateway drains.', one(figures.draining));
  gauge(out, 'suuupra_problems', 'Problems in what users wrote.', one(figures.problems));
  gauge(
    out,
    'suuupra_held_objects',
    'Objects that vanished all at once, and are kept for --mass-delete-hold.',
    one(figures.held),
  );
  if (figures.cluster !== undefined) clusterFigures(out, figures.cluster);
  counter(
    out,
    'suuupra_thread_restarts_total',
    'Threads that died and were replaced.',
    Object.entries(figures.restarts).map(([thread, count]) => [labelled({ thread }), count]),
  );
}

function clusterFigures(out: string[], figures: ClusterFigures): void {
  gauge(out, 'suuupra_leader', '1 in the pod that writes to the API server.', [['', Number(figures.leading)]]);
  counter(out, 'suuupra_status_writes_total', 'Statuses written.', [['', figures.statusWrites]]);
  counter(out, 'suuupra_status_write_failures_total', 'Statuses that could not be written, and were tried again.', [
    ['', figures.statusFailures],
  ]);
  gauge(out, 'suuupra_statuses_pending', 'Statuses that are not written yet.', [['', figures.statusesPending]]);
  gauge(
    out,
    'suuupra_unread_collections',
    'Kinds of objects, by namespace where only some are watched, that could not be read for 10 seconds or more; /readyz says why.',
    [['', figures.unread.length]],
  );
  counter(out, 'suuupra_events_dropped_total', 'Events that were not told, because there were too many.', [
    ['', figures.eventsDropped],
  ]);
}

function counter(out: string[], name: string, help: string, samples: readonly Sample[]): void {
  series(out, name, help, 'counter', samples);
}

function gauge(out: string[], name: string, help: string, samples: readonly Sample[]): void {
  series(out, name, help, 'gauge', samples);
}

function series(out: string[], name: string, help: string, type: string, samples: readonly Sample[]): void {
  if (samples.length === 0) return;
  out.push(head(name, help, type));
  for (const [labels, value] of samples)
    out.push(labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`);
}

function head(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function at(totals: Totals, field: number): number {
  return totals.numbers[field] ?? 0;
}

function labelled(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

// Prometheus exposition format: "label_value can be any sequence of UTF-8 characters, but the backslash, double-quote, and
// line feed characters have to be escaped".
function escapeLabel(value: string): string {
  return /["\\\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}
