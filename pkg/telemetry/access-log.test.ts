/** Access-log lines are JSON whatever a client sent, hold what the settings say, and never pile up behind a slow writer. */
import { describe, expect, test } from '@jest/globals';
import { ACCESS_LOG_FIELDS } from '../api/gatewayclassconfig.ts';
import { accessFields, createLine, redactQuery } from './access-line.ts';
import { createAccessLog } from './access-log.ts';
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
};
const all = { fields: [], sampling: 1, redact: [] };

describe('a line', () => {
  test('has every field, and the time as RFC 3339', () => {
    const line = createLine(all)(record);
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({ ...record, time: '2026-01-02T03:04:05.006Z' });
  });

  test('has just the fields that a GatewayClassConfig may name', () => {
    expect(Object.keys(accessFields).sort()).toEqual([...ACCESS_LOG_FIELDS].sort());
  });

  test('is the same, whether all fields are meant or named', () => {
    const named = createLine({ ...all, fields: Object.keys(accessFields) });
    expect(createLine(all)(record)).toBe(named(record));
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
      // eslint-disable-next-line no-control-regex
      expect(line).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
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
  function logInto(batches: Uint8Array[], random = () => 0.5) {
    return createAccessLog({ post: (lines) => batches.push(lines), random });
  }

  test('posts whole lines in batches', () => {
    const batches: Uint8Array[] = [];
    const log = logInto(batches);
    for (let i = 0; i < 1000; i++) log.write(record);
    log.close();
    const text = batches.map((batch) => Buffer.from(batch).toString()).join('');
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toHaveLength(1000);
    expect(batches.every((batch) => batch.at(-1) === 10)).toBe(true);
    expect(batches.length).toBeLessThan(20);
  });

  test('thins out successes, never errors of the gateway or a backend', () => {
    const batches: Uint8Array[] = [];
    const log = logInto(batches);
    log.configure({ fields: ['status'], sampling: 0.1, redact: [] });
    for (const status of [200, 404, 503]) log.write({ ...record, status });
    log.close();
    expect(Buffer.from(batches[0] ?? []).toString()).toBe('{"status":503}\n');
  });

  test('drops lines while the writer does not take what is on its way, and goes on when it does', () => {
    const batches: Uint8Array[] = [];
    const log = logInto(batches);
    const long = { ...record, path: 'x'.repeat(10_000) };
    let taken = 0;
    while (log.write(long)) taken++;
    expect(taken).toBeGreaterThan(800);
    expect(taken).toBeLessThan(900);
    for (const batch of batches) log.taken(batch.length);
    expect(log.write(long)).toBe(true);
    log.close();
  });
});

test('a log line for people holds the message first', () => {
  const line =
    '{"level":"warn","time":"2026-01-02T03:04:05.006Z","thread":"worker-1","reason":"x","code":3,"message":"it died"}\n';
  expect(textLine(line)).toBe('03:04:05 warn  it died (thread=worker-1 reason=x code=3)\n');
});
