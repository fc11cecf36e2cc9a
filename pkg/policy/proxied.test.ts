/** Policies over the real proxy: what their tests with a fake exchange cannot see: bytes on both wires, framing, pace. */
import { Buffer } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { get, Stage, transports } from '../proxy/suite.ts';
import { reply } from '../testkit/origin.ts';
import { testPolicyContext } from '../testkit/policy-context.ts';
import type { TestProxyOptions } from '../testkit/proxy.ts';
import type { Identity } from './identity.ts';
import type { FilterKey } from './order.ts';
import type { RuntimeFilter } from './runtime.ts';
import { isProblems } from './translated.ts';
import { translatePolicy } from './translators.ts';

const stage = new Stage();
afterEach(() => stage.close());

const identity: Identity = {
  method: 'JWT',
  provider: 'corp',
  subject: 'u1',
  tenant: 'acme',
  scopes: ['read'],
  roles: [],
  claims: { evil: 'a\r\nX-Admin: true' },
};

/** What authentication leaves behind, for who says so. */
const authenticate: RuntimeFilter = {
  onRequest: (exchange) => {
    if (exchange.request.headers.has('x-authenticated')) exchange.identity = identity;
    else if (exchange.request.headers.has('x-anonymous')) exchange.challenge = 'Basic realm="shop"';
  },
};

const json = (body: string): string => reply(body, 'Content-Type: application/json');
const send = (method: string, body: string | Uint8Array, ...fields: string[]): Buffer =>
  Buffer.concat([
    Buffer.from(
      [
        `${method} /orders?a=1 HTTP/1.1`,
        'Host: acme.shop.test',
        `Content-Length: ${Buffer.byteLength(body)}`,
        ...fields,
        '',
        '',
      ].join('\r\n'),
    ),
    Buffer.from(body),
  ]);

describe.each(transports)('on the %s transport', (_, transport) => {
  test('authorization refuses before a byte is forwarded', async () => {
    const { client, origin, proxy } = await stage.scene(
      transport,
      policy('authorization', {
        tenant: { type: 'Hostname', hostname: { suffix: 'shop.test' } },
        rules: [
          { name: 'readers', action: 'Allow', scopes: ['read'], when: 'request.method == "GET"' },
          { name: 'writers', action: 'Allow', scopes: ['write'] },
        ],
      }),
    );
    const ask = async (bytes: string | Uint8Array) => {
      client.send(bytes);
      return client.message();
    };
    expect((await ask(send('GET', '', 'X-Authenticated: 1'))).startLine).toContain(' 200 ');
    const anonymous = await ask(send('GET', '', 'X-Anonymous: 1'));
    expect([anonymous.startLine, anonymous.header('www-authenticate')]).toEqual([
      'HTTP/1.1 401 Unauthorized',
      'Basic realm="shop"',
    ]);
    // Nothing of it is left for the next request.
    const unasked = await ask(send('GET', ''));
    expect([unasked.startLine, unasked.header('www-authenticate')]).toEqual(['HTTP/1.1 403 Forbidden', undefined]);
    const lacking = await ask(send('PUT', '', 'X-Authenticated: 1'));
    expect([lacking.startLine, lacking.header('www-authenticate')]).toEqual([
      'HTTP/1.1 403 Forbidden',
      'Bearer error="insufficient_scope", scope="write"',
    ]);
    expect((await ask(get('/', 'X-Authenticated: 1'))).startLine).toContain(' 403 ');
    expect(origin.requests).toHaveLength(1);
    expect((await proxy.recorded(5)).flag).toBe('UAEX');
  });

  test('transform changes both ways', async () => {
    const { client, origin } = await stage.scene(
      transport,
      policy('transform', {
        request: {
          headers: {
            remove: ['x-authenticated'],
            set: [
              { name: 'X-User', expression: 'identity.subject' },
              { name: 'X-Evil', expression: 'identity.claims.evil' },
            ],
          },
          query: { set: [{ name: 'tenant', expression: 'identity.tenant' }] },
          path: { pattern: '^/orders', substitution: '/v2/orders' },
          method: 'PUT',
          hostname: 'backend.test',
          body: { mergePatch: '{"internal":null}', set: [{ path: '/user', expression: 'identity.subject' }] },
        },
        response: {
          headers: { remove: ['server'] },
          cookies: { set: [{ name: 'seen', value: '1', secure: true, httpOnly: true, sameSite: 'Lax' }] },
          status: 201,
          body: { remove: ['/debug'] },
        },
      }),
      () => reply('{"id":12345678901234567890,"debug":{}}', 'Content-Type: application/json', 'Server: a'),
    );
    const fields = ['X-Authenticated: 1', 'Content-Type: application/json', 'x_user: spoofed', 'X-Evil: spoofed'];
    client.send(
      send('POST', gzipSync('{"internal":1,"n":1.0}'), ...fields, 'Content-Encoding: gzip', 'X-User: spoofed'),
    );
    const response = await client.message();
    expect(response.startLine).toBe('HTTP/1.1 201 Created');
    expect(String(response.body)).toBe('{"id":12345678901234567890}');
    expect(response.header('server')).toBeUndefined();
    expect(response.header('set-cookie')).toBe('seen=1; Path=/; Secure; HttpOnly; SameSite=Lax');
    const [request] = origin.requests;
    expect(request!.startLine).toBe('PUT /v2/orders?a=1&tenant=acme HTTP/1.1');
    expect(String(request!.body)).toBe('{"n":1,"user":"u1"}');
    expect(
      ['host', 'x-user', 'x_user', 'x-evil', 'x-admin', 'content-encoding'].map((name) => request!.header(name)),
    ).toEqual(['backend.test', 'u1', undefined, undefined, undefined, undefined]);
  });

  test('transform streams what it does not change', async () => {
    const { client, origin } = await stage.scene(
      transport,
      policy('transform', { request: { body: { mergePatch: '{}' } }, response: { body: { mergePatch: '{}' } } }),
      null,
    );
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nabc');
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('abc'));
    client.send('def');
    await upstream.message();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nabc');
    await client.until(() => client.received.includes('abc'));
    upstream.send('def');
    expect(String((await client.message()).body)).toBe('abcdef');
  });

  test('transform breaks off what it cannot change', async () => {
    const { client } = await stage.scene(
      transport,
      policy('transform', { response: { body: { remove: ['/secret'], maxSize: '1k' } } }),
      () =>
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${'{"secret":1}'.padEnd(2_000)}\r\n0\r\n\r\n`,
    );
    client.send(get('/'));
    await client.until(() => client.ended || client.error !== null);
    expect(String(client.received)).not.toContain('secret');
  });

  test('response overrides replace what a backend and what the gateway says', async () => {
    const { client, proxy } = await stage.scene(
      transport,
      policy('responseOverrides', {
        rules: [
          { statuses: [404], from: 'Backend', type: 'Redirect', redirect: { url: '/search', statusCode: 302 } },
          {
            statuses: ['5xx'],
            from: 'Any',
            type: 'Response',
            response: { contentType: 'text/html', body: '<h1>later</h1>' },
          },
        ],
      }),
      (request) =>
        request.startLine.includes('/gone') ? 'garbage\r\n\r\n' : reply('not found').replace('200 OK', '404 Not Found'),
    );
    client.send(get('/'));
    const redirected = await client.message();
    expect([redirected.startLine, redirected.header('location'), String(redirected.body)]).toEqual([
      'HTTP/1.1 302 Found',
      '/search',
      '',
    ]);
    client.send(get('/gone'));
    const replaced = await client.message();
    expect([replaced.startLine, replaced.header('content-type'), String(replaced.body)]).toEqual([
      'HTTP/1.1 502 Bad Gateway',
      'text/html',
      '<h1>later</h1>',
    ]);
    expect((await proxy.recorded(2)).flag).toBe('UPE');
  });

  test('validation tells a client what is wrong', async () => {
    const schema = JSON.stringify({ type: 'object', required: ['sku'], properties: { count: { type: 'integer' } } });
    const { client, origin } = await stage.scene(
      transport,
      policy('validation', { schema: { type: 'Inline', inline: schema }, maxSize: '100', allowEmpty: false }),
    );
    client.send(send('POST', '{"count":"secret"}', 'Content-Type: application/json'));
    const refused = await client.message();
    expect(refused.startLine).toBe('HTTP/1.1 400 Bad Request');
    expect(JSON.parse(String(refused.body))).toMatchObject({
      code: 'request-invalid',
      status: 400,
      errors: [
        { path: '/sku', message: 'is required' },
        { path: '/count', message: 'must be integer' },
      ],
    });
    client.send(send('POST', '{"sku":"a"}', 'Content-Type: application/json'));
    expect((await client.message()).startLine).toContain(' 200 ');
    expect(origin.requests.map(({ body }) => String(body))).toEqual(['{"sku":"a"}']);
    client.send(send('POST', `{"sku":"${'a'.repeat(200)}"}`, 'Content-Type: application/json'));
    expect((await client.message()).startLine).toContain(' 413 ');
  });

  test('compression', async () => {
    const text = 'Text that repeats itself. '.repeat(10_000);
    const { client } = await stage.scene(transport, policy('compression', { credentialed: 'Skip' }), () =>
      reply(text, 'Content-Type: text/plain', 'ETag: "1"'),
    );
    client.send(get('/', 'Accept-Encoding: gzip;q=0.5, br'));
    const packed = await client.message();
    expect(['content-encoding', 'content-length', 'vary', 'etag'].map((name) => packed.header(name))).toEqual([
      'br',
      undefined,
      'Accept-Encoding',
      'W/"1"',
    ]);
    expect(String(brotliDecompressSync(packed.body))).toBe(text);
    client.send(get('/'));
    const plain = await client.message();
    expect([plain.header('content-encoding'), plain.header('content-length')]).toEqual([
      undefined,
      String(text.length),
    ]);
    expect(String(plain.body)).toBe(text);
  });

  test('compression of a stream holds nothing back', async () => {
    const { client, origin } = await stage.scene(transport, policy('compression', { credentialed: 'Skip' }), null);
    client.send(get('/', 'Accept-Encoding: gzip'));
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    // The head, and a chunk that holds more than the header of gzip.
    await client.until(() => client.received.length > 0 && sizeOfFirstChunk(client.received) > 10);
    upstream.send('6\r\nsecond\r\n0\r\n\r\n');
    expect(String(gunzipSync((await client.message()).body))).toBe('firstsecond');
  });

  test('what is transformed is compressed after that', async () => {
    const transform = policyFilter('transform', { response: { body: { remove: ['/secret'] } } });
    const compression = policyFilter('compression', { credentialed: 'Skip', minSize: '0' });
    const { client } = await stage.scene(
      transport,
      { rules: [{ filters: ['compression', 'transform'] }], filters: { compression, transform } },
      () => json('{"secret":1,"open":2}'),
    );
    client.send(get('/', 'Accept-Encoding: gzip'));
    const response = await client.message();
    expect(String(gunzipSync(response.body))).toBe('{"open":2}');
  });
});

/** Bytes of the first chunk of a chunked body; 0 as long as there is none. */
function sizeOfFirstChunk(received: Buffer): number {
  const body = received.subarray(received.indexOf('\r\n\r\n') + 4).toString('latin1');
  const sizes = [...body.matchAll(/(?:^|\r\n)([0-9a-f]+)\r\n/g)].map(([, size]) => Number.parseInt(size!, 16));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function policyFilter(key: FilterKey, spec: object) {
  const result = translatePolicy(key, spec as never, 'spec', testPolicyContext());
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}

function policy(key: FilterKey, spec: object): TestProxyOptions {
  return {
    rules: [{ filters: ['authenticate', 'policy'] }],
    runtimeFilters: { authenticate },
    filters: { policy: policyFilter(key, spec) },
  };
}
