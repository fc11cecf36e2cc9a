/** Answers of policies that take the place of a backend's or of the gateway's own. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RuntimeFilter } from '../policy/runtime.ts';
import { reply } from '../testkit/origin.ts';
import { filtered, get, Stage, transports } from './suite.ts';
import { transforming, turn, Upper } from './transforms.suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

describe.each(transports)('an answer that takes the place of another, on the %s transport', (_, transport) => {
  const page = { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<p>Sorry' };
  const replacing: RuntimeFilter = {
    onResponse: (exchange) => {
      if (exchange.response.status >= 400) exchange.replaceResponse(page);
    },
  };

  describe.each(['Auto', 'Undici'] as const)('by lane %s', (lane) => {
    const cluster = { lane };

    test.each([
      ['short', 'x', 1],
      ['long', 'x'.repeat(1 << 20), 2],
    ])('of a backend whose own is %s', async (_name, body, connections) => {
      const { client, origin, proxy } = await stage.scene(transport, { ...filtered(replacing), cluster }, () =>
        reply(body, 'Set-Cookie: a=b', 'ETag: "x"').replace('200 OK', '500 Bad'),
      );
      for (let i = 0; i < 2; i++) {
        client.send(get('/'));
        const response = await client.message();
        expect([response.startLine, String(response.body)]).toEqual(['HTTP/1.1 502 Bad Gateway', page.body]);
        expect(response.header('content-length')).toBe(String(page.body.length));
        expect([response.header('set-cookie'), response.header('etag')]).toEqual([undefined, undefined]);
        expect(await proxy.recorded(i + 1)).toMatchObject({ status: 502, flag: '', attempts: 1 });
        // Until the backend's answer has gone, its connection serves nobody.
        for (let i = 0; i < 20; i++) await turn();
      }
      expect(origin.connections).toHaveLength(connections);
    });

    test('one that does not end is given up', async () => {
      const { client, origin } = await stage.scene(transport, { ...filtered(replacing), cluster }, null);
      client.send(get('/'));
      const upstream = await origin.connection(0);
      await upstream.message();
      upstream.send('HTTP/1.1 500 Bad\r\nContent-Length: 10\r\n\r\nabc');
      expect(String((await client.message()).body)).toBe(page.body);
      await upstream.end();
    });

    test('while the request is still coming in', async () => {
      const { client, origin } = await stage.scene(transport, { ...filtered(replacing), cluster }, null);
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nfirst');
      const upstream = await origin.connection(0);
      await upstream.until(() => upstream.received.includes('first'));
      upstream.send('HTTP/1.1 500 Bad\r\nContent-Length: 1\r\n\r\na');
      const response = await client.message();
      expect([String(response.body), response.header('connection')]).toEqual([page.body, 'close']);
      await upstream.end();
    });

    test('later, and through the filters that follow', async () => {
      const later: RuntimeFilter = {
        async onResponse(exchange) {
          for (let i = 0; i < 3; i++) await turn();
          exchange.replaceResponse(page);
        },
      };
      const { client } = await stage.scene(transport, {
        ...filtered(
          transforming(() => new Upper('!')),
          later,
          transforming(() => new Upper('?')),
        ),
        cluster,
      });
      client.send(get('/') + get('/'));
      for (let i = 0; i < 2; i++) expect(String((await client.message()).body)).toBe('<P>SORRY!');
    });
  });

  test('of the gateway itself: fields stay, such as WWW-Authenticate', async () => {
    const denying: RuntimeFilter = {
      onRequest: (exchange) => exchange.deny('unauthenticated', { 'WWW-Authenticate': 'Basic' }),
    };
    const { client, proxy } = await stage.scene(
      transport,
      filtered(
        { onResponse: (exchange) => exchange.replaceResponse({ ...page, status: exchange.response.status }) },
        denying,
      ),
    );
    client.send(get('/'));
    const response = await client.message();
    expect([response.startLine, String(response.body)]).toEqual(['HTTP/1.1 401 Unauthorized', page.body]);
    expect([response.header('www-authenticate'), response.header('content-type')]).toEqual(['Basic', 'text/html']);
    expect(await proxy.recorded(1)).toMatchObject({ status: 401, flag: 'UAEX' });
  });

  test('a HEAD gets its head alone', async () => {
    const { client } = await stage.scene(
      transport,
      filtered(replacing),
      () => 'HTTP/1.1 500 Bad\r\nContent-Length: 99\r\n\r\n',
    );
    for (let i = 0; i < 2; i++) {
      client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect((await client.message({ head: true })).header('content-length')).toBe(String(page.body.length));
    }
  });

  test.each(['replaceResponse', 'transformBody'] as const)('in a request phase %s is a bug', async (what) => {
    const early: RuntimeFilter = {
      onRequest: (exchange) =>
        what === 'transformBody' ? exchange.transformBody(new Upper()) : exchange.replaceResponse(page),
    };
    const { client, proxy } = await stage.scene(transport, filtered(early));
    client.send(get('/'));
    expect((await client.message()).startLine).toBe('HTTP/1.1 500 Internal Server Error');
    expect(proxy.faults).toHaveLength(1);
  });
});
