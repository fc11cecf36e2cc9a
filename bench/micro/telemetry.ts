/** What it costs to tell of a request: its access-log line, and its counters. */

import type { AccessLogSettings } from '../../pkg/ir/settings.ts';
import { type AccessLog, createAccessLog } from '../../pkg/telemetry/access-log.ts';
import { createLineMemory, LinePool } from '../../pkg/telemetry/line-pool.ts';
import type { AccessRecord } from '../../pkg/telemetry/record.ts';
import { createRecorder } from '../../pkg/telemetry/recorder.ts';
import { createRow } from '../../pkg/telemetry/row.ts';
import type { Benchmark } from './benchmark.ts';

const group = 'telemetry';

const record: AccessRecord = {
  time: Date.UTC(2026, 10, 25, 19, 10, 0, 123),
  clientAddress: '192.0.2.17',
  method: 'GET',
  scheme: 'http',
  host: 'shop-17.example.com',
  path: '/orders/1234',
  query: '?expand=lines',
  protocol: 'HTTP/1.1',
  status: 200,
  flag: '',
  requestId: '8d1f0c6e2b7a4953a1e0d9c8b7a69584',
  requestBytes: 0,
  responseBytes: 200,
  duration: 734,
  upstreamDuration: 512,
  attempts: 1,
  route: 'HTTPRoute/shop/orders',
  rule: 0,
  listener: 'infra/public/http',
  cluster: 'shop/orders:8080',
  endpoint: '10.0.0.7:8080',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36',
  identity: '',
  tenant: '',
  authMethod: '',
  authProvider: '',
  shadow: '',
};

export function telemetryBenchmarks(): { readonly benchmarks: readonly Benchmark[]; close(): void } {
  const log = (settings: AccessLogSettings): AccessLog => {
    const pool = new LinePool(createLineMemory());
    const created = createAccessLog({ pool, post: (segment) => pool.giveBack(segment), random: Math.random });
    created.configure(settings);
    return created;
  };
  const accessLog = log({ fields: [], sampling: 1, redact: [] });
  const few = log({
    fields: ['time', 'method', 'host', 'path', 'query', 'status'],
    sampling: 1,
    redact: ['token'],
  });
  const recorder = createRecorder({ row: createRow(), announce() {}, accessLog: null });
  const benchmarks = [
    // A line that was made and not yet written is no more than a list of its parts.
    each('access-log line, all fields, into its batch', () => Number(accessLog.write(record))),
    each('access-log line, six fields, one redacted, into its batch', () => Number(few.write(record))),
    each('counters and histogram of a request', () => {
      recorder.exchange(record);
      return 1;
    }),
  ];
  return {
    benchmarks,
    close() {
      accessLog.close();
      few.close();
      recorder.close();
    },
  };
}

function each(name: string, once: () => number): Benchmark {
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      // No two requests take equally long.
      for (let i = 0; i < count; i++) {
        record.duration = 500 + (i & 1023);
        sum += once();
      }
      return sum;
    },
  };
}
