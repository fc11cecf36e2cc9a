/** The policy `requestLimits` on the wire: what the proxy counts for it. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Filter } from '../ir/filter.ts';
import type { RequestLimitsConfig } from '../policy/requestlimits/schema.ts';
import { reply } from '../testkit/origin.ts';
import { get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const unlimited: RequestLimitsConfig = {
  bodyBytes: null,
  decodedBytes: null,
  decodedRatio: null,
  contentEncodings: null,
  headBytes: null,
  headerCount: null,
  urlLength: null,
  queryParams: null,
  methods: null,
  contentTypes: null,
};
const levels = (...configs: readonly Partial<RequestLimitsConfig>[]) => {
  const filters: Record<string, Filter> = {};
  for (const [i, config] of configs.entries())
    filters[`f${i}`] = { kind: 'requestLimits', config: { ...unlimited, ...config } };
  return { filters, rules: [{ filters: Object.keys(filters) }] };
};
const chunked = 'POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n';

describe.each(transports)('request limits on the %s transport', (_, transport) => {
  test.each([
    ['a length', post('12345'), 200],
    ['a length beyond', post('123456'), 413],
    ['a length beyond, with Expect', post('123456', 'Expect: 100-continue').slice(0, -6), 413],
    ['chunks', `${chunked}5\r\n12345\r\n0\r\n\r\n`, 200],
    ['chunks beyond', `${chunked}3\r\n123\r\n3\r\n456\r\n0\r\n\r\n`, 413],
    ['the first of many chunks beyond', `${chunked}6\r\n123456\r\n`, 413],
  ])('%s', async (_, bytes, status) => {
    const { client, proxy } = await stage.scene(
      transport,
      levels({ bodyBytes: 100 }, { bodyBytes: 5 }, { bodyBytes: 50 }),
    );
    client.send(bytes);
    const answer = await client.message();
    expect(answer.startLine).toContain(` ${status} `);
    expect((await proxy.recorded(1)).flag).toBe(status === 200 ? '' : 'PL');
  });

  test('a body that grows too long breaks what the backend gets, and what it had begun to answer', async () => {
    const { client, origin } = await stage.scene(transport, levels({ bodyBytes: 5 }), null);
    client.send(`${chunked}3\r\n123\r\n`);
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('123'));
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    await client.until(() => client.received.includes('abc'));
    client.send('3\r\n456\r\n0\r\n\r\n');
    await client.end();
    await upstream.end();
    expect(client.received.toString()).toMatch(/abc$/);
    expect(upstream.received.includes('456')).toBe(false);
  });

  test('the limit ends with its request', async () => {
    const rules = [
      {
        matches: [{ path: { kind: 'Exact' as const, value: '/small' }, headers: [], queryParams: [], cookies: [] }],
        filters: ['f0'],
      },
      {},
    ];
    const { client } = await stage.scene(transport, { ...levels({ bodyBytes: 5 }), rules }, ({ body }) =>
      reply(String(body)),
    );
    client.send(post('12345').replace('POST /', 'POST /small'));
    expect(String((await client.message()).body)).toBe('12345');
    client.send(post('1234567890'));
    expect(String((await client.message()).body)).toBe('1234567890');
  });

  test.each([
    [{ urlLength: 6 }, '/abcde', 200],
    [{ urlLength: 6 }, '/abcdef', 414],
    [{ urlLength: 6 }, '/a?b=cd', 414],
    [{ headerCount: 2 }, '/', 200],
    [{ headerCount: 1 }, '/', 431],
    [{ headBytes: get('/', 'X-A: 1').length }, '/', 200],
    [{ headBytes: get('/', 'X-A: 1').length - 1 }, '/', 431],
    [{ queryParams: 1 }, '/?a=1&b=2', 400],
    [{ methods: ['POST'] }, '/', 405],
    [{ contentTypes: ['text/plain'] }, '/', 200],
  ])('%j for %s: %i', async (config, path, status) => {
    const { client } = await stage.scene(transport, levels(config));
    client.send(get(path, 'X-A: 1'));
    expect((await client.message()).startLine).toContain(` ${status} `);
  });
});
