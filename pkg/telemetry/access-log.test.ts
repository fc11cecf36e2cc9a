/** Access-log lines are JSON whatever a client sent, hold what the settings say, and never pile up behind a slow writer. */
import { describe, expect, test } from '@jest/globals';
import { ACCESS_LOG_FIELDS } from '../api/gatewayclassconfig.ts';
import { accessFields, createLine, redactQuery } from './access-line.ts';
import { createAccessLog } from './access-log.ts';
import { createLineMemory, LinePool, SegmentBytes } from './line-pool.ts';
import { textLine } from './log.ts';
import type { AccessRecord } from './record.ts';

const record: AccessRecord = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  clientAddress: '192.0.2.1',
  method: 'GET',
  scheme: 'https',
  host: 'a.example.com',
  path: '/x',
  query: '?a=1&token=secret',
  protocol: 'HTTP/1.1',
  status: 200,
  flag: '',
  requestId: 'r',
  requestBytes: 0,
  responseBytes: 5,
  duration: 1234,
  upstreamDuration: -1,
  attempts: 0,
  route: '',
  rule: -1,
  listener: '',
  cluster: '',
  endpoint: '',
  userAgent: 'curl/8',
  identity: 'alice',
  tenant: 'acme',
  authMethod: 'JWT',
  authProvider: 'corp',
  shadow: '',
};
const all = { fields: [], sampling: 1, redact: [] };

describe('a line', () => {
  test('has every field, and the time as RFC 3339', () => {
    const line = createLine(all)(record);
    expect(line.endsWith('}\n')).toBe(true);
    const { authProvider: _, ...written } = record;
    expect(JSON.parse(line)).toEqual({ ...written, time: '2026-01-02T03:04:05.006Z' });
  });

  test('has just the fields that a GatewayClassConfig may name', () => {
    expect(Object.keys(accessFields).sort()).toEqual([...ACCESS_LOG_FIELDS].sort());
  });

  test('is the same, whether all fields are meant or named', () => {
    const named = createLine({ ...all, fields: Object.keys(accessFields) });
    expect(createLine(all)(record)).toBe(named(record));
  });

  test('is that of its own request, whatever stayed the same since the one before', () => {
    const kept = createLine(all);
    const others: Partial<AccessRecord>[] = [
      { clientAddress: '192.0.2.2' },
      { method: 'PUT' },
      { scheme: 'http' },
      { host: 'b.example.com' },
      { route: 'HTTPRoute/a/b', rule: 1, listener: 'a/b/c' },
      { route: 'HTTPRoute/a/b', rule: 2, listener: 'a/b/c' },
      { route: 'HTTPRoute/a/b', rule: 2, listener: 'a/b/d' },
      { cluster: 'a/b:80', endpoint: '192.0.2.9:80' },
      { cluster: 'a/c:80', endpoint: '192.0.2.9:80' },
      { userAgent: 'other "agent"' },
      { identity: 'bob "x"' },
      { tenant: 'other' },
      { shadow: 'authentication:unauthenticated,authorization:forbidden' },
      { identity: '', tenant: '', authMethod: '' },
    ];
    for (const other of others) {
      const changed = { ...record, ...other };
      for (const each of [changed, record, changed]) expect(kept(each)).toBe(createLine(all)(each));
    }
  });

  test('keeps the time right over seconds', () => {
    const line = createLine({ ...all, fields: ['time'] });
    const at = (time: number) => line({ ...record, time });
    expect([at(0), at(999), at(1000), at(61_010), at(59_999)]).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z"}\n',
      '{"time":"1970-01-01T00:00:00.999Z"}\n',
      '{"time":"1970-01-01T00:00:01.000Z"}\n',
      '{"time":"1970-01-01T00:01:01.010Z"}\n',
      '{"time":"1970-01-01T00:00:59.999Z"}\n',
    ]);
  });

  test.each(['"', '\\', '\n', '\u0000', '\u001b[31m', '\u007f', 'é', '\ud800', '😀', '"}\n{"status":200'])(
    'stays one line of JSON with %j in what a client sends',
    (text) => {
      const line = createLine(all)({
        ...record,
        path: text,
        query: text,
        userAgent: text,
        host: text,
        requestId: text,
        method: text,
      });
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(line).toMatch(/^[\u0020-\u007e]*\n$/);
      expect(JSON.parse(line)).toMatchObject({ path: text, query: text, userAgent: text, host: text });
    },
  );

  test('has the selected fields in their order, and none that does not exist', () => {
    const line = createLine({ ...all, fields: ['status', 'path', 'nothing', 'duration'] });
    expect(line(record)).toBe('{"status":200,"path":"/x","duration":1234}\n');
  });

  test('has all fields rather than none', () => {
    const line = createLine({ ...all, fields: ['nothing'] });
    expect(line(record)).toBe(createLine(all)(record));
  });

  test('leaves out the values that are to be redacted', () => {
    const line = createLine({ ...all, fields: ['query', 'userAgent'], redact: ['token', 'User-Agent'] });
    expect(line(record)).toBe('{"query":"?a=1&token=[redacted]","userAgent":"[redacted]"}\n');
  });

  test('leaves them out of a line with all fields, too', () => {
    const plain = createLine(all);
    const line = createLine({ ...all, redact: ['token', 'user-agent'] });
    const expected = plain(record).replace('token=secret', 'token=[redacted]').replace('curl/8', '[redacted]');
    expect(line(record)).toBe(expected);
    expect(line({ ...record, query: '', userAgent: '' })).toBe(plain({ ...record, query: '', userAgent: '' }));
  });

  test.each([
    ['', ''],
    ['?', '?'],
    ['?token=a&token=b', '?token=[redacted]&token=[redacted]'],
    ['?%74oken=a', '?%74oken=[redacted]'],
    ['?TOKEN=a', '?TOKEN=[redacted]'],
    ['?token', '?token'],
    ['?%zz=a&token=', '?%zz=a&token=[redacted]'],
    ['?a=token=b', '?a=token=b'],
  ])('redacts "%s" to "%s"', (query, result) => {
    expect(redactQuery(query, new Set(['token']))).toBe(result);
  });
});

describe('the log of a worker', () => {
  function createLog(random = () => 0.5) {
    const pool = new LinePool(createLineMemory());
    const posted: number[] = [];
    return { pool, posted, log: createAccessLog({ pool, post: (segment) => posted.push(segment), random }) };
  }
  const textOf = (pool: LinePool, posted: readonly number[]) =>
    posted.map((segment) => Buffer.from(pool.lines(segment)).toString()).join('');

  test('hands whole lines over in batches', () => {
    const { pool, posted, log } = createLog();
    for (let i = 0; i < 1000; i++) log.write(record);
    log.close();
    const lines = textOf(pool, posted).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toHaveLength(1000);
    expect(posted.every((segment) => pool.lines(segment).at(-1) === 10)).toBe(true);
    expect(posted.length).toBeLessThan(20);
    expect(pool.waiting()).toEqual(posted);
  });

  test('uses a segment again as soon as its lines are written', () => {
    const { pool, posted, log } = createLog();
    for (let i = 0; i < 3; i++) {
      log.write(record);
      log.flush();
      pool.giveBack(posted[i]!);
    }
    expect(posted).toEqual([0, 0, 0]);
    expect(pool.waiting()).toEqual([]);
  });

  test('thins out successes, never errors of the gateway or a backend', () => {
    const { pool, posted, log } = createLog();
    log.configure({ fields: ['status'], sampling: 0.1, redact: [] });
    for (const status of [200, 404, 503]) log.write({ ...record, status });
    log.close();
    expect(textOf(pool, posted)).toBe('{"status":503}\n');
  });

  test('drops lines while the writer has not written what waits, and goes on when it has', () => {
    const { pool, posted, log } = createLog();
    const long = { ...record, path: 'x'.repeat(10_000) };
    let taken = 0;
    while (log.write(long)) taken++;
    expect(taken).toBe(128 * Math.floor(SegmentBytes / createLine(all)(long).length));
    expect(log.write(record)).toBe(false);
    pool.giveBack(posted[5]!);
    expect(log.write(long)).toBe(true);
    log.close();
    expect(posted.at(-1)).toBe(posted[5]);
    // What was sealed last is written last, wherever it stands.
    expect(pool.waiting().at(-1)).toBe(posted[5]);
  });

  test('tells of a line that no segment could hold, with its texts cut', () => {
    const { pool, posted, log } = createLog();
    expect(log.write({ ...record, method: 'M'.repeat(70_000), userAgent: '\u0080'.repeat(70_000) })).toBe(true);
    log.close();
    expect(JSON.parse(textOf(pool, posted))).toMatchObject({ method: 'M'.repeat(1024), host: record.host });
  });
});

test('a log line for people holds the message first', () => {
  const line =
    '{"level":"warn","time":"2026-01-02T03:04:05.006Z","thread":"worker-1","reason":"x","code":3,"message":"it died"}\n';
  expect(textLine(line)).toBe('03:04:05 warn  it died (thread=worker-1 reason=x code=3)\n');
});
